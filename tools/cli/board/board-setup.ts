// The board that the options describe, ready to be switched on.
import { readFileSync } from "node:fs"
import {
    DevBoardError,
    readIdentity,
    type FlashIdentity,
    isBlank,
    openFlash,
    embeddedEmulatorTarget,
    targetFromProfile,
    azureTarget,
    type CloudTarget,
} from "@moorage/fleet/devboard"
import { checkId, validateKey } from "@moorage/fleet"
import { imageToFlash } from "@moorage/fleet/manufacture"
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
import { UserError, WRONG_USAGE } from "../user-error.js"
import { groupKey, secretFile } from "../secrets.js"
import { givenSettings } from "../setting-options.js"
import type { BoardCommandOptions } from "./board-options.js"

const DEFAULT_BOARD = "moorage_devkitc"
const DEFAULT_ID = "board-1"

/** All that makes a board, and where it moors. */
export interface BoardSetup {
    id: string
    profile: BoardProfile
    bytecode: Uint8Array
    flash: Flash
    /** Puts into the flash what the board is delivered with. */
    provision: (flash: Flash) => void
    /** What is there by that, and says how DPS is reached. */
    settings: Record<string, unknown>
    shore: CloudTarget
}

/** What is shared by both ways to make a board. */
interface SetupContext {
    options: BoardCommandOptions
    onStateError: (error: Error) => void
}

/** A shore by the options; an emulator inside unless they say one. */
function shoreOf(
    { options, onStateError }: SetupContext,
    known: FlashIdentity | undefined
): Promise<CloudTarget> | CloudTarget {
    const { profile, idScope, flash } = options
    if (profile !== undefined) return targetFromProfile(profile)
    if (idScope !== undefined) return azureTarget(idScope)
    const dataDir = flash === undefined ? undefined : `${flash}.cloud`
    return embeddedEmulatorTarget({ flashed: known, dataDir, onStateError })
}

/** The device's key as the options say it. @throws UserError */
async function givenKey(id: string, options: BoardCommandOptions): Promise<string | undefined> {
    const { keyFile, groupKeyFile, idScope } = options
    if (keyFile !== undefined) {
        const key = secretFile(keyFile).trim()
        const issue = validateKey(key)
        if (issue !== undefined)
            throw new UserError(`The key of ${keyFile} cannot be used: ${issue}.`, WRONG_USAGE)
        return key
    }
    // The environment counts for the real services only: its key is not for an emulator.
    if (groupKeyFile === undefined && idScope === undefined) return undefined
    const group = await groupKey({ groupKeyFile, mayAsk: false })
    return group === undefined ? undefined : deriveDeviceKey(group, id)
}

/** The ID that is asked for, or that the flash has. @throws UserError */
function idOf(given: string | undefined, known: FlashIdentity | undefined, file: string | undefined): string {
    const { id, issue } = checkId(given ?? known?.registrationId ?? DEFAULT_ID)
    if (id === undefined) throw new UserError(`--id cannot be used: ${issue}.`, WRONG_USAGE)
    if (known && known.registrationId !== id)
        throw new UserError(
            `${file} is the flash of ${known.registrationId}: leave --id out, take another file, or --erase it.`,
            WRONG_USAGE
        )
    return id
}

/** A board that the options describe. */
async function describedBoard(place: SetupContext): Promise<BoardSetup> {
    const { options } = place
    const given = givenSettings(options.set)
    const profile = loadBoardProfile(options.board ?? DEFAULT_BOARD)
    if (options.id !== undefined) idOf(options.id, undefined, undefined)
    const flash = openFlash(options.flash, profile, options.erase)
    const known = readIdentity(flash)
    const id = idOf(options.id, known, options.flash)
    const wanted = await givenKey(id, options)
    const { bytecode } = await buildFirmware(`src/${profile.image}.ts`)
    const shore = await shoreOf(place, known)
    try {
        const key = wanted ?? shore.deviceKey(id)
        if (key === undefined)
            throw new UserError("Which key has the board? Give --key-file or --group-key-file.", WRONG_USAGE)
        if (shore.idScope === undefined && given.ID_SCOPE === undefined)
            throw new UserError(
                `${options.profile} names no ID scope: add idScope, or give --set ID_SCOPE=...`,
                WRONG_USAGE
            )
        const settings = {
            ...(shore.dpsHost === undefined ? {} : { DPS_HOST: shore.dpsHost }),
            ID_SCOPE: shore.idScope,
            REG_ID: id,
            DEVICE_KEY: key,
            ...given,
        }
        const provision = (target: Flash) => {
            writeProgram(target, bytecode)
            writeSettings(target, settings)
        }
        return { id, profile, bytecode, flash, provision, settings, shore }
    } catch (error) {
        await shore.close()
        throw error
    }
}

/** @throws UserError when the image is not as it was made */
function readImage(file: string): { profile: BoardProfile; image: Flash } {
    try {
        const profile = loadBoardProfile(imageToFlash(file).profile)
        const image = memoryFlash(profile.fstorPages)
        image.save(readFileSync(file))
        return { profile, image }
    } catch (error) {
        throw new UserError((error as Error).message, undefined, { cause: error })
    }
}

/** A board that was manufactured. */
async function manufacturedBoard(place: SetupContext, file: string): Promise<BoardSetup> {
    const { options } = place
    const { profile, image } = readImage(file)
    const known = readIdentity(image)
    const bytecode = readProgram(image)
    if (!known || !bytecode) throw new DevBoardError(`${file} has no program, ID, ID scope or key.`)
    const flash = openFlash(options.flash, profile, options.erase)
    const id = idOf(known.registrationId, readIdentity(flash), options.flash)
    const provision = (target: Flash) => {
        // What it has learnt since then stays.
        if (isBlank(target)) target.save(image.load())
    }
    const settings = readSettings(image)
    const shore = await shoreOf(place, known)
    return { id, profile, bytecode, flash, provision, settings, shore }
}

/** @throws UserError, DeskError, VmError, DocumentError; nothing is left open then */
export function setUpBoard(
    options: BoardCommandOptions,
    onStateError: (error: Error) => void
): Promise<BoardSetup> {
    const place = { options, onStateError }
    return options.image === undefined ? describedBoard(place) : manufacturedBoard(place, options.image)
}
