// Makes boards one by one.
import { loadBoardProfile } from "@moorage/vm"
import type { FleetBoard } from "../fleet-file.js"
import { createImageContent } from "./flash-image.js"
import { makeFolders } from "./image-files.js"
import { type Bytecodes, makeImageFile } from "./make-image.js"
import { createManifest } from "./manufacture-images.js"
import { type ManifestEntry, writeManifest } from "./manifest.js"

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
        const content = createImageContent(board, loadBoardProfile(board.profile as string), this.groupKey)
        const { entry } = makeImageFile({ content, boot: true }, this.bytecodes, this.outDir)
        this.entries.set(entry.registrationId, entry)
        writeManifest(this.outDir, createManifest([...this.entries.values()], this.bytecodes))
        return entry
    }
}
