// A folder of images as a fleet for the simulator: just what will be flashed is booted first.
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
import { readManifest } from "./manifest.js"

/** Programs that were seen: boards with the same one share its pages. */
class Programs {
    private readonly known: Uint8Array[] = []

    /** The same array for equal bytecode. */
    shared(bytecode: Uint8Array): Uint8Array {
        const known = this.known.find(other => Buffer.compare(other, bytecode) === 0)
        if (!known) this.known.push(bytecode)
        return known ?? bytecode
    }
}

/** The image as flash, and the program in it. */
function flashOf(
    image: Uint8Array,
    id: string,
    { fstorPages }: BoardProfile,
    programs: Programs
): { flash: MemoryFlash; bytecode: Uint8Array } {
    const alone = memoryFlash(fstorPages)
    alone.save(image)
    const program = readProgram(alone)
    if (!program) throw new ImageError(`The image of ${id} holds no program.`)
    const bytecode = programs.shared(program)
    const flash = programmedFlash(bytecode, fstorPages)
    flash.save(image)
    return { flash, bytecode }
}

/** What the simulator's network cannot give to a board; undefined when it can moor there. */
function settingsMistake(
    settings: Record<string, unknown>,
    id: string,
    idScope: unknown
): string | undefined {
    const { REG_ID, ID_SCOPE, DPS_HOST: host = GLOBAL_DEVICE_ENDPOINT } = settings
    if (REG_ID !== id) return `its registration ID is ${JSON.stringify(REG_ID)}`
    if (host !== GLOBAL_DEVICE_ENDPOINT)
        return `its DPS_HOST is ${JSON.stringify(host)}, and the simulator's ${GLOBAL_DEVICE_ENDPOINT}`
    if (ID_SCOPE !== idScope) return `its ID scope ${String(ID_SCOPE)} is not that of the first board`
    return undefined
}

/**
 * The boards of a folder that `manufacture` wrote.
 * @param powerOnSecs when each board is powered on, by their registration IDs; all at once unless given
 * @throws ImageError for an image, and for a missing or damaged manifest
 */
export function readImageFleet(
    outDir: string,
    { groupKey, powerOnSecs }: { groupKey?: string; powerOnSecs?: (ids: string[]) => number[] } = {}
): ImageFleet {
    const entries = readManifest(outDir).boards
    const powerOnSec = powerOnSecs?.(entries.map(({ registrationId }) => registrationId))
    const programs = new Programs()
    let idScope: unknown
    const boards = entries.map((entry, number): ImageBoard => {
        const id = entry.registrationId
        const profile = loadBoardProfile(entry.profile)
        const { flash, bytecode } = flashOf(
            readImage(join(outDir, entry.image), entry),
            id,
            profile,
            programs
        )
        const settings = readSettings(flash)
        idScope ??= settings.ID_SCOPE
        const mistake = settingsMistake(settings, id, idScope)
        if (mistake !== undefined) throw new ImageError(`The image of ${id} cannot be simulated: ${mistake}.`)
        return { id, profile, bytecode, flash, settings, powerOnSec: powerOnSec?.[number] ?? 0 }
    })
    if (boards.length === 0) throw new ImageError(`The manifest in ${outDir} names no board.`)
    return { idScope: String(idScope), groupKey, boards }
}
