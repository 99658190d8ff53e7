// Sets up the board that the options describe, with the power off.
import { readFileSync } from "node:fs"
import { MoorageError } from "@moorage/errors"
import { checkId } from "@moorage/fleet"
import {
    azureTarget,
    type CloudTarget,
    DevBoardError,
    embeddedEmulatorTarget,
    type FlashIdentity,
    isBlank,
    openFlash,
    readIdentity,
    targetFromProfile,
} from "@moorage/fleet/devboard"
import { ImageError, imageToFlash } from "@moorage/fleet/manufacture"
import { deriveDeviceKey } from "@moorage/protocol"
import {
    type BoardProfile,
    buildFirmware,
    type Flash,
    loadBoardProfile,
    memoryFlash,
    readProgram,
    readSettings,
    writeProgram,
    writeSettings,
} from "@moorage/vm"
import { readDeviceKey, readGroupKey } from "../secrets.js"
import { settingsFromOptions } from "../setting-options.js"
import { usageError } from "../usage-error.js"
import { type BoardCommandOptions, DEFAULT_BOARD, DEFAULT_ID } from "./board-options.js"

/** The parts of a board, and the cloud to which the board connects. */
export interface BoardSetup {
    id: string
    profile: BoardProfile
    bytecode: Uint8Array
    flash: Flash
    /** Writes the program and the settings to the flash. */
    provision: (flash: Flash) => void
    /** Settings in the flash, including the address of DPS. */
    settings: Record<string, unknown>
    target: CloudTarget
}

interface SetupContext {
    options: BoardCommandOptions
    /** Called when the built-in emulator cannot store its state. */
    onStateError: (error: Error) => void
}

/** Returns the cloud that the options select; a built-in emulator by default. */
function cloudTarget(
    { options, onStateError }: SetupContext,
    stored: FlashIdentity | undefined
): Promise<CloudTarget> | CloudTarget {
    const { profile, idScope, flash } = options
    if (profile !== undefined) return targetFromProfile(profile)
    if (idScope !== undefined) return azureTarget(idScope)
    const dataDir = flash === undefined ? undefined : `${flash}.cloud`
    return embeddedEmulatorTarget({ flashed: stored, dataDir, onStateError })
}

/** Returns the device key from the options; undefined if they have none. @throws MoorageError SECRET_INVALID */
async function keyFromOptions(id: string, options: BoardCommandOptions): Promise<string | undefined> {
    const { keyFile, groupKeyFile, idScope } = options
    if (keyFile !== undefined) return readDeviceKey(keyFile)
    // The key in the environment belongs to the real services, not to an emulator.
    if (groupKeyFile === undefined && idScope === undefined) return undefined
    const group = await readGroupKey({ groupKeyFile, canPrompt: false })
    return group === undefined ? undefined : deriveDeviceKey(group, id)
}

/**
 * Returns the requested ID, or the ID in the flash.
 * @throws MoorageError when the two IDs differ or the ID is invalid
 */
function resolveId(given: string | undefined, stored: FlashIdentity | undefined, file?: string): string {
    const { id, issue } = checkId(given ?? stored?.registrationId ?? DEFAULT_ID)
    if (id === undefined) throw usageError(`Invalid --id: ${issue}.`)
    if (stored && stored.registrationId !== id)
        throw usageError(`${file} contains the flash of ${stored.registrationId}, not of ${id}.`, {
            cure: "Omit --id, use another file, or add --erase.",
        })
    return id
}

/** Sets up a board that the options describe. */
async function boardFromOptions(context: SetupContext): Promise<BoardSetup> {
    const { options } = context
    const given = settingsFromOptions(options.set)
    const profile = loadBoardProfile(options.board ?? DEFAULT_BOARD)
    // An invalid ID is reported before the flash file is created.
    if (options.id !== undefined) resolveId(options.id, undefined)
    const flash = openFlash(options.flash, profile, options.erase)
    const stored = readIdentity(flash)
    const id = resolveId(options.id, stored, options.flash)
    const givenKey = await keyFromOptions(id, options)
    const { bytecode } = await buildFirmware(`src/${profile.image}.ts`)
    const target = await cloudTarget(context, stored)
    try {
        const key = givenKey ?? target.deviceKey(id)
        if (key === undefined)
            throw usageError("No device key specified.", { cure: "Use --key-file or --group-key-file." })
        if (target.idScope === undefined && given.ID_SCOPE === undefined)
            throw usageError(`${options.profile} has no ID scope.`, {
                cure: "Add idScope to the profile, or use --set ID_SCOPE=...",
            })
        const settings = {
            ...(target.dpsHost === undefined ? {} : { DPS_HOST: target.dpsHost }),
            ID_SCOPE: target.idScope,
            REG_ID: id,
            DEVICE_KEY: key,
            ...given,
        }
        const provision = (to: Flash) => {
            writeProgram(to, bytecode)
            writeSettings(to, settings)
        }
        return { id, profile, bytecode, flash, provision, settings, target }
    } catch (error) {
        await target.close()
        throw error
    }
}

/** Reads an image and its board profile. @throws MoorageError IMAGE_INVALID */
function readImage(file: string): { profile: BoardProfile; image: Flash } {
    try {
        const profile = loadBoardProfile(imageToFlash(file).profile)
        const image = memoryFlash(profile.fstorPages)
        image.save(readFileSync(file))
        return { profile, image }
    } catch (error) {
        throw error instanceof MoorageError
            ? error
            : new ImageError((error as Error).message, { cause: error })
    }
}

/** Sets up a board from an image of `moorage manufacture`. */
async function boardFromImage(context: SetupContext, file: string): Promise<BoardSetup> {
    const { options } = context
    const { profile, image } = readImage(file)
    const stored = readIdentity(image)
    const bytecode = readProgram(image)
    if (!stored || !bytecode)
        throw new DevBoardError(`${file} lacks a program, a registration ID, an ID scope or a key.`)
    const flash = openFlash(options.flash, profile, options.erase)
    const id = resolveId(stored.registrationId, readIdentity(flash), options.flash)
    const provision = (to: Flash) => {
        // A flash that is not blank keeps what the board stored in an earlier run.
        if (isBlank(to)) to.save(image.load())
    }
    const target = await cloudTarget(context, stored)
    return { id, profile, bytecode, flash, provision, settings: readSettings(image), target }
}

/** Sets up the board that the options describe. After an error nothing stays open. @throws MoorageError */
export function setUpBoard(
    options: BoardCommandOptions,
    onStateError: (error: Error) => void
): Promise<BoardSetup> {
    const context = { options, onStateError }
    return options.image === undefined ? boardFromOptions(context) : boardFromImage(context, options.image)
}
