// The commands of `devs flash` and esptool that flash a board.
import { readFileSync } from "node:fs"
import { ImageError } from "./image-error.js"
import { sha256Of } from "./image-files.js"
import { findEntry, manifestFolder, type ManifestEntry, readManifest } from "./manifest.js"

/** Names of the esptool command in its releases, newest first. */
export const ESPTOOL_NAMES = ["esptool", "esptool.py"]

export const ESPTOOL_CURE = "Install esptool with `pip install esptool`, and check that it is on the PATH"

/** Returns the command that flashes the runtime. A board needs it once, before its image. */
export function runtimeCommand(profile: string): string[] {
    return ["npx", "devs", "flash", "--board", profile]
}

/** Returns the arguments of esptool that write an image to its flash address. */
export function esptoolArguments(
    { arch, offset }: Pick<ManifestEntry, "arch" | "offset">,
    file: string,
    port: string
): string[] {
    return ["--chip", arch, "--port", port, "write_flash", `0x${offset.toString(16)}`, file]
}

/**
 * Returns the manifest entry of an image file after comparing the file with its checksum.
 * @throws ImageError if there is no manifest, the manifest has no such image, or the file is unreadable or damaged
 */
export function imageToFlash(file: string): ManifestEntry {
    const folder = manifestFolder(file)
    const entry = findEntry(readManifest(folder), file)
    if (!entry) throw new ImageError(`${file} is not in the manifest of ${folder}.`)
    readImage(file, entry)
    return entry
}

/** Returns the content of an image file. @throws ImageError if it is unreadable or differs from the checksum */
export function readImage(file: string, entry: Pick<ManifestEntry, "bytes" | "sha256">): Uint8Array {
    let bytes: Uint8Array
    try {
        bytes = readFileSync(file)
    } catch (error) {
        throw new ImageError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
    }
    if (bytes.length !== entry.bytes || sha256Of(bytes) !== entry.sha256)
        throw new ImageError(
            `${file} differs from its checksum in the manifest. Run \`moorage manufacture\` again.`
        )
    return bytes
}
