// How an image gets onto its board: the lines of `devs flash` and esptool.
import { readFileSync } from "node:fs"
import { ImageError } from "./image-error.js"
import { sha256Of } from "./image-files.js"
import { findEntry, manifestFolder, type ManifestEntry, readManifest } from "./manifest.js"

/** The command that writes to a chip's flash, as its releases have named it. */
export const ESPTOOL_NAMES = ["esptool", "esptool.py"]

export const ESPTOOL_CURE = "Install esptool with `pip install esptool`, and check that it is on the PATH"

/** The runtime: once a board, before its image. */
export function runtimeCommand(profile: string): string[] {
    return ["npx", "devs", "flash", "--board", profile]
}

/** What esptool is told to write an image to its offset. */
export function esptoolArguments(
    { arch, offset }: Pick<ManifestEntry, "arch" | "offset">,
    file: string,
    port: string
): string[] {
    return ["--chip", arch, "--port", port, "write_flash", `0x${offset.toString(16)}`, file]
}

/**
 * The manifest's entry of an image file, whose content is as it was made.
 * @throws ImageError that says what is wrong: no manifest, not in it, unreadable, or damaged
 */
export function imageToFlash(file: string): ManifestEntry {
    const folder = manifestFolder(file)
    const entry = findEntry(readManifest(folder), file)
    if (!entry) throw new ImageError(`${file} is not in the manifest of ${folder}.`)
    readImage(file, entry)
    return entry
}

/** An image file's content, which is as it was made. @throws ImageError when it is unreadable, or another */
export function readImage(file: string, entry: Pick<ManifestEntry, "bytes" | "sha256">): Uint8Array {
    let bytes: Uint8Array
    try {
        bytes = readFileSync(file)
    } catch (error) {
        throw new ImageError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
    }
    if (bytes.length !== entry.bytes || sha256Of(bytes) !== entry.sha256)
        throw new ImageError(
            `${file} is not what the manifest says: make it anew, for it is damaged or another one.`
        )
    return bytes
}
