// Manufacture: for each line of a fleet file one image of the board's `fstor` partition.
import { loadBoardProfile } from "@moorage/vm"
import type { FleetBoard } from "../fleet-file.js"
import { contentOf } from "./image-content.js"
import { makeFolders, removeUnfinished } from "./image-files.js"
import { makeAll } from "./image-jobs.js"
import { type Bytecodes, make, sha256Of, type MadeImage } from "./make-image.js"
import { type Manifest, type ManifestEntry, writeManifest } from "./manifest.js"

export { ESPTOOL_CURE, ESPTOOL_NAMES } from "./esptool-names.js"
export { esptoolArguments, imageToFlash, runtimeCommand } from "./esptool.js"
export { ImageFleetError, readImageFleet } from "./image-fleet-reader.js"
export { MANIFEST, MANIFEST_FILE, type Manifest, type ManifestEntry, readManifest } from "./manifest.js"
export type { Bytecodes } from "./make-image.js"

export interface ManufactureOptions {
    outDir: string
    /** Bytecode of each image that a board of the fleet has. */
    bytecodes: Bytecodes
    /** Base64; for boards without a key of their own. */
    groupKey?: string
    /** Threads. */
    jobs: number
    /** So many are booted in the VM, spread over the file; all others are read back. */
    bootCount: number
    signal?: AbortSignal
    onProgress?: (done: number) => void
}

export interface Manufactured {
    manifest: Manifest
    /** How many images were there already. */
    kept: number
}

/** Images of src/ that these boards need. */
export function imagesOf(boards: FleetBoard[]): string[] {
    return [...new Set(boards.map(({ profile }) => loadBoardProfile(profile as string).image))].sort()
}

function manifestOf(boards: ManifestEntry[], bytecodes: Bytecodes): Manifest {
    const firmware = Object.entries(bytecodes).map(([name, bytecode]) => [
        name,
        { bytes: bytecode.length, sha256: sha256Of(bytecode) },
    ])
    return { version: 1, firmware: Object.fromEntries(firmware) as Manifest["firmware"], boards }
}

/**
 * Makes the images and the manifest. Run again, it goes on where it was cut off, and does anew what is torn or what
 * the fleet file says otherwise.
 * @returns undefined when it was cut off; what is done by then stays, and there is no new manifest
 * @throws VmError, and what the file system throws: nothing is left half-written
 */
export async function manufacture(
    boards: FleetBoard[],
    options: ManufactureOptions
): Promise<Manufactured | undefined> {
    const { outDir, bytecodes, groupKey, jobs, bootCount, signal, onProgress } = options
    makeFolders(outDir)
    const stride = bootCount > 0 ? Math.max(1, boards.length / bootCount) : Infinity
    // The n-th of the sample stands at floor(n * stride).
    const isBooted = (i: number) => bootCount > 0 && Math.floor(Math.ceil(i / stride) * stride) === i
    let done = 0
    let kept = 0
    const taskOf = (i: number) => {
        const board = boards[i] as FleetBoard
        return {
            content: contentOf(board, loadBoardProfile(board.profile as string), groupKey),
            boot: isBooted(i),
        }
    }
    let made: MadeImage[] | undefined
    try {
        made = await makeAll(boards.length, taskOf, {
            bytecodes,
            outDir,
            jobs,
            signal,
            onMade: image => {
                if (image.kept) kept++
                onProgress?.(++done)
            },
        })
    } finally {
        removeUnfinished(outDir)
    }
    if (!made) return undefined
    const manifest = manifestOf(
        made.map(({ entry }) => entry),
        bytecodes
    )
    writeManifest(outDir, manifest)
    return { manifest, kept }
}

/** Makes boards one by one, as their IDs come from a scanner. The manifest grows with each. */
export class ImageWriter {
    private readonly entries = new Map<string, ManifestEntry>()

    constructor(
        private readonly outDir: string,
        private readonly bytecodes: Bytecodes,
        private readonly groupKey: string | undefined,
        before: ManifestEntry[] = []
    ) {
        makeFolders(outDir)
        for (const entry of before) this.entries.set(entry.registrationId, entry)
    }

    /** Makes, boots and writes the image of a board. @throws VmError, and what the file system throws */
    make(board: FleetBoard): ManifestEntry {
        const content = contentOf(board, loadBoardProfile(board.profile as string), this.groupKey)
        const { entry } = make({ content, boot: true }, this.bytecodes, this.outDir)
        this.entries.set(entry.registrationId, entry)
        writeManifest(this.outDir, manifestOf([...this.entries.values()], this.bytecodes))
        return entry
    }
}
