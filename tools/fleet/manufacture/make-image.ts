// Makes one image and puts it where it belongs: what a thread of jobs.ts does, and a scanner's line.
import { join } from "node:path"
import { imagePath, sha256Of, writeIfChanged } from "./image-files.js"
import { bootImage, checkImage, type ImageContent, makeImage } from "./flash-image.js"
import type { ManifestEntry } from "./manifest.js"

/** Bytecode by image of src/. */
export type Bytecodes = Record<string, Uint8Array>

export interface ImageTask {
    content: ImageContent
    /** Whether the VM boots it too. */
    boot: boolean
}

export interface ImageFileResult {
    entry: ManifestEntry
    /** Whether the file was there already, to the byte. */
    isUnchanged: boolean
}

/**
 * Makes, checks and writes an image. It is made anew even when it is there: only so is it known that what is there is
 * whole, and is what the fleet file says now.
 * @throws VmError, and what the file system throws
 */
export function makeImageFile(
    { content, boot }: ImageTask,
    bytecodes: Bytecodes,
    outDir: string
): ImageFileResult {
    const { registrationId, profile } = content
    const bytecode = bytecodes[profile.image] as Uint8Array
    const image = makeImage(content, bytecode)
    if (boot) bootImage(image, content, bytecode)
    else checkImage(image, content, bytecode)
    const path = imagePath(registrationId, profile)
    const kept = !writeIfChanged(join(outDir, path), image)
    const entry: ManifestEntry = {
        registrationId,
        profile: profile.name,
        arch: profile.arch,
        image: path,
        bytes: image.length,
        sha256: sha256Of(image),
        offset: profile.fstorOffset,
        verified: boot ? "booted" : "read",
    }
    return { entry, isUnchanged: kept }
}
