// Makes images one by one, for IDs that come from a barcode scanner.
import { loadBoardProfile } from "@moorage/vm"
import type { FleetBoard } from "../fleet-file.js"
import { createImageContent } from "./flash-image.js"
import { makeFolders } from "./image-files.js"
import { type Bytecodes, makeImageFile } from "./make-image.js"
import { createManifest } from "./manufacture-images.js"
import { type ManifestEntry, writeManifest } from "./manifest.js"

export interface ImageWriterOptions {
    outDir: string
    bytecodes: Bytecodes
    /** Base64; for boards without a key in the fleet file. */
    groupKey: string | undefined
    /** Entries of an existing manifest, which the new manifest keeps. */
    existing?: ManifestEntry[]
}

/** Makes the image of each board and updates the manifest after each one. */
export class ImageWriter {
    private readonly entries = new Map<string, ManifestEntry>()

    constructor(private readonly options: ImageWriterOptions) {
        makeFolders(options.outDir)
        for (const entry of options.existing ?? []) this.entries.set(entry.registrationId, entry)
    }

    /** Makes, boots and writes the image of a board. @throws VmError; errors of the file system */
    make(board: FleetBoard): ManifestEntry {
        const { outDir, bytecodes, groupKey } = this.options
        const content = createImageContent(board, loadBoardProfile(board.profile as string), groupKey)
        const { entry } = makeImageFile({ content, mustBoot: true }, bytecodes, outDir)
        this.entries.set(entry.registrationId, entry)
        writeManifest(outDir, createManifest([...this.entries.values()], bytecodes))
        return entry
    }
}
