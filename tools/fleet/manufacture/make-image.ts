// Makes one image, verifies it and writes its file.
import { join } from "node:path"
import { imagePath, sha256Of, writeIfChanged } from "./image-files.js"
import { bootImage, checkImage, type ImageContent, makeImage } from "./flash-image.js"
import type { ManifestEntry } from "./manifest.js"

/** Bytecode by the name of the image in src/. */
export type Bytecodes = Record<string, Uint8Array>

export interface ImageTask {
    content: ImageContent
    /** Whether the image must also boot in the VM. */
    mustBoot: boolean
}

export interface ImageFileResult {
    entry: ManifestEntry
    /** Whether the file already had this content. */
    isUnchanged: boolean
}

/**
 * Makes, verifies and writes an image. An existing image is made again, because only the comparison shows that it is
 * complete and matches the fleet file.
 * @throws VmError; errors of the file system
 */
export function makeImageFile(
    { content, mustBoot }: ImageTask,
    bytecodes: Bytecodes,
    outDir: string
): ImageFileResult {
    const { registrationId, profile } = content
    const bytecode = bytecodes[profile.image] as Uint8Array
    const image = makeImage(content, bytecode)
    if (mustBoot) bootImage(image, content, bytecode)
    else checkImage(image, content, bytecode)
    const path = imagePath(registrationId, profile)
    const isUnchanged = !writeIfChanged(join(outDir, path), image)
    const entry: ManifestEntry = {
        registrationId,
        profile: profile.name,
        arch: profile.arch,
        image: path,
        bytes: image.length,
        sha256: sha256Of(image),
        offset: profile.fstorOffset,
        verified: mustBoot ? "booted" : "read",
    }
    return { entry, isUnchanged }
}
