// Manufacture: for each line of a fleet file one image of the board's `fstor` partition.
import { loadBoardProfile } from "@moorage/vm"
import type { FleetBoard } from "../fleet-file.js"
import { createImageContent } from "./flash-image.js"
import { makeFolders, removeUnfinished, sha256Of } from "./image-files.js"
import { makeAllImages } from "./image-jobs.js"
import type { Bytecodes, ImageFileResult } from "./make-image.js"
import { type Manifest, type ManifestEntry, writeManifest } from "./manifest.js"

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

export interface ManufactureResult {
    manifest: Manifest
    /** How many images were there already. */
    unchangedCount: number
}

/** Images of src/ that these boards need. */
export function requiredImages(boards: FleetBoard[]): string[] {
    return [...new Set(boards.map(({ profile }) => loadBoardProfile(profile as string).image))].sort()
}

export function createManifest(boards: ManifestEntry[], bytecodes: Bytecodes): Manifest {
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
): Promise<ManufactureResult | undefined> {
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
            content: createImageContent(board, loadBoardProfile(board.profile as string), groupKey),
            boot: isBooted(i),
        }
    }
    let made: ImageFileResult[] | undefined
    try {
        made = await makeAllImages(boards.length, taskOf, {
            bytecodes,
            outDir,
            jobs,
            signal,
            onImage: image => {
                if (image.isUnchanged) kept++
                onProgress?.(++done)
            },
        })
    } finally {
        removeUnfinished(outDir)
    }
    if (!made) return undefined
    const manifest = createManifest(
        made.map(({ entry }) => entry),
        bytecodes
    )
    writeManifest(outDir, manifest)
    return { manifest, unchangedCount: kept }
}
