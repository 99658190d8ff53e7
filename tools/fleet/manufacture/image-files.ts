// The files of images: DIR/images has mode 0700 and each image 0600, because an image contains the key of its board.
import { createHash } from "node:crypto"
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { BoardProfile } from "@moorage/vm"
import { writeFileAtomic } from "@moorage/files"

const OWNER_DIR = 0o700
const OWNER_FILE = 0o600
export const IMAGES = "images"

/** Creates the folders, restricts them to their owner, and removes unfinished files. */
export function makeFolders(outDir: string): void {
    const images = join(outDir, IMAGES)
    mkdirSync(images, { recursive: true, mode: OWNER_DIR })
    chmodSync(images, OWNER_DIR)
    removeUnfinished(outDir)
}

/** Removes the unfinished files of an interrupted run. */
export function removeUnfinished(outDir: string): void {
    const images = join(outDir, IMAGES)
    for (const name of readdirSync(images)) if (name.endsWith(".new")) rmSync(join(images, name))
}

/**
 * Returns the path of a board's image, relative to the output folder. The name ends with the flash address, as
 * `devs flash --file` requires. A colon becomes `+`, because some file systems allow no colon. No ID contains `+`.
 */
export function imagePath(registrationId: string, { fstorOffset }: BoardProfile): string {
    return join(IMAGES, `${registrationId.replaceAll(":", "+")}-0x${fstorOffset.toString(16)}.bin`)
}

/** Writes a private file, unless the file already has this content. @returns whether the file was written */
export function writeIfChanged(file: string, bytes: Uint8Array): boolean {
    if (contentEquals(file, bytes)) {
        chmodSync(file, OWNER_FILE)
        return false
    }
    writePrivate(file, bytes)
    return true
}

/** Writes a file atomically with mode 0600. */
export function writePrivate(file: string, bytes: Uint8Array | string): void {
    writeFileAtomic(file, bytes, OWNER_FILE)
}

function contentEquals(file: string, bytes: Uint8Array): boolean {
    try {
        return readFileSync(file).equals(bytes)
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return false
        throw error
    }
}

/** Returns the SHA-256 in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
    return createHash("sha256").update(bytes).digest("hex")
}
