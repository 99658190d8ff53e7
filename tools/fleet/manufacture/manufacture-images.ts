// Makes the flash images of a fleet file: one image of the `fstor` partition per board, and a manifest.
import { loadBoardProfile } from "@moorage/vm"
import type { FleetBoard } from "../fleet-file.js"
import { createImageContent } from "./flash-image.js"
import { makeFolders, removeUnfinished, sha256Of } from "./image-files.js"
import { makeAllImages } from "./image-jobs.js"
import type { Bytecodes, ImageFileResult, ImageTask } from "./make-image.js"
import { type Manifest, type ManifestEntry, writeManifest } from "./manifest.js"

export interface ManufactureOptions {
    outDir: string
    /** Bytecode of each image that a board of the fleet needs. */
    bytecodes: Bytecodes
    /** Base64; for boards without a key in the fleet file. */
    groupKey?: string
    /** Number of threads. */
    jobs: number
    /** Number of boards whose image is booted in the VM, spread over the file. All other images are only read back. */
    bootCount: number
    signal?: AbortSignal
    onProgress?: (done: number) => void
}

export interface ManufactureResult {
    manifest: Manifest
    /** Number of images whose file already had the right content. */
    unchangedCount: number
}

/** Returns the names of the images in src/ that these boards need. */
export function requiredImages(boards: FleetBoard[]): string[] {
    return [...new Set(boards.map(({ profile }) => loadBoardProfile(profile as string).image))].sort()
}

/** Returns the manifest of these boards. */
export function createManifest(boards: ManifestEntry[], bytecodes: Bytecodes): Manifest {
    const firmware = Object.entries(bytecodes).map(([name, bytecode]) => [
        name,
        { bytes: bytecode.length, sha256: sha256Of(bytecode) },
    ])
    return { version: 1, firmware: Object.fromEntries(firmware) as Manifest["firmware"], boards }
}

/** Returns whether an index belongs to an evenly spread sample. The index of the n-th board of the sample is floor(n * stride). */
function isInSample(index: number, boardCount: number, sampleCount: number): boolean {
    if (sampleCount <= 0) return false
    const stride = Math.max(1, boardCount / sampleCount)
    return Math.floor(Math.ceil(index / stride) * stride) === index
}

/**
 * Makes the images and the manifest. A second run continues an interrupted one. It writes only images that are missing,
 * damaged, or different from the fleet file.
 * @returns undefined if it was aborted; finished images stay, and the manifest stays unchanged
 * @throws VmError; errors of the file system; no file is left incomplete
 */
export async function manufacture(
    boards: FleetBoard[],
    options: ManufactureOptions
): Promise<ManufactureResult | undefined> {
    const { outDir, bytecodes, groupKey, jobs, bootCount, signal, onProgress } = options
    makeFolders(outDir)
    let doneCount = 0
    let unchangedCount = 0
    const taskAt = (index: number): ImageTask => {
        const board = boards[index] as FleetBoard
        const profile = loadBoardProfile(board.profile as string)
        return {
            content: createImageContent(board, profile, groupKey),
            mustBoot: isInSample(index, boards.length, bootCount),
        }
    }
    let images: ImageFileResult[] | undefined
    try {
        images = await makeAllImages(boards.length, taskAt, {
            bytecodes,
            outDir,
            jobs,
            signal,
            onImage: ({ isUnchanged }) => {
                if (isUnchanged) unchangedCount++
                onProgress?.(++doneCount)
            },
        })
    } finally {
        removeUnfinished(outDir)
    }
    if (!images) return undefined
    const entries = images.map(({ entry }) => entry)
    const manifest = createManifest(entries, bytecodes)
    writeManifest(outDir, manifest)
    return { manifest, unchangedCount }
}
