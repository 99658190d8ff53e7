// Reads a folder of images as a fleet for the simulator, which boots exactly the bytes that will be flashed.
import { join } from "node:path"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import type { ImageBoard, ImageFleet } from "@moorage/simulator"
import {
    type BoardProfile,
    loadBoardProfile,
    type MemoryFlash,
    memoryFlash,
    programmedFlash,
    readProgram,
    readSettings,
} from "@moorage/vm"
import { readImage } from "./esptool.js"
import { ImageError } from "./image-error.js"
import { type ManifestEntry, readManifest } from "./manifest.js"

/** Keeps one array per program, so that boards with the same program share its flash pages. */
class ProgramCache {
    private readonly programs: Uint8Array[] = []

    /** Returns the same array for equal bytecode. */
    intern(bytecode: Uint8Array): Uint8Array {
        const cached = this.programs.find(other => Buffer.compare(other, bytecode) === 0)
        if (!cached) this.programs.push(bytecode)
        return cached ?? bytecode
    }
}

interface LoadedImage {
    profile: BoardProfile
    flash: MemoryFlash
    bytecode: Uint8Array
}

/** Returns the profile of a board, its flash and the program in it. @throws ImageError */
function loadImage(file: string, entry: ManifestEntry, programs: ProgramCache): LoadedImage {
    const profile = loadBoardProfile(entry.profile)
    const { fstorPages } = profile
    const image = readImage(file, entry)
    const ownFlash = memoryFlash(fstorPages)
    ownFlash.save(image)
    const program = readProgram(ownFlash)
    if (!program) throw new ImageError(`The image of ${entry.registrationId} contains no program.`)
    const bytecode = programs.intern(program)
    const flash = programmedFlash(bytecode, fstorPages)
    flash.save(image)
    return { profile, flash, bytecode }
}

/** Returns the reason why a board with these settings cannot moor in the simulator, or undefined. */
function settingsIssue(
    settings: Record<string, unknown>,
    { id, idScope }: { id: string; idScope: unknown }
): string | undefined {
    const { REG_ID, ID_SCOPE, DPS_HOST: host = GLOBAL_DEVICE_ENDPOINT } = settings
    if (REG_ID !== id) return `its registration ID is ${JSON.stringify(REG_ID)}`
    if (host !== GLOBAL_DEVICE_ENDPOINT)
        return `its DPS_HOST is ${JSON.stringify(host)}, but the simulator has only ${GLOBAL_DEVICE_ENDPOINT}`
    if (ID_SCOPE !== idScope)
        return `its ID scope ${String(ID_SCOPE)} differs from the ID scope of the first board`
    return undefined
}

export interface ImageFleetOptions {
    /** Base64. */
    groupKey?: string
    /** Returns the power-on time of each board in seconds, for these registration IDs (default: all at 0 s). */
    powerOnSecs?: (ids: string[]) => number[]
}

/**
 * Returns the boards of a folder that `moorage manufacture` wrote.
 * @throws ImageError if the manifest or a file cannot be used
 */
export function readImageFleet(outDir: string, options: ImageFleetOptions = {}): ImageFleet {
    const { groupKey, powerOnSecs } = options
    const entries = readManifest(outDir).boards
    const powerOnSec = powerOnSecs?.(entries.map(({ registrationId }) => registrationId))
    const programs = new ProgramCache()
    let idScope: unknown
    const boards = entries.map((entry, index): ImageBoard => {
        const id = entry.registrationId
        const { profile, flash, bytecode } = loadImage(join(outDir, entry.image), entry, programs)
        const settings = readSettings(flash)
        idScope ??= settings.ID_SCOPE
        const issue = settingsIssue(settings, { id, idScope })
        if (issue !== undefined) throw new ImageError(`The image of ${id} cannot be simulated: ${issue}.`)
        return { id, profile, bytecode, flash, settings, powerOnSec: powerOnSec?.[index] ?? 0 }
    })
    if (boards.length === 0) throw new ImageError(`The manifest in ${outDir} has no board.`)
    return { idScope: String(idScope), groupKey, boards }
}
