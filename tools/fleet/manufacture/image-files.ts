// Where images lie: DIR/images, which only the owner may enter, since each holds its board's key.
import { createHash } from "node:crypto"
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { BoardProfile } from "@moorage/vm"
import { writeFileAtomic } from "@moorage/files"

const OWNER_DIR = 0o700
const OWNER_FILE = 0o600
export const IMAGES = "images"

/** Makes the folders, and shuts them to others. */
export function makeFolders(outDir: string): void {
    const images = join(outDir, IMAGES)
    mkdirSync(images, { recursive: true, mode: OWNER_DIR })
    chmodSync(images, OWNER_DIR)
    removeUnfinished(outDir)
}

/** What a run that was cut off left behind. */
export function removeUnfinished(outDir: string): void {
    const images = join(outDir, IMAGES)
    for (const name of readdirSync(images)) if (name.endsWith(".new")) rmSync(join(images, name))
}

/**
 * Path of a board's image below the out folder. Its name ends in its address, as `devs flash --file` wants it; `:` is
 * `+` in it, which no ID has, since not every file system takes a colon.
 */
export function imagePath(registrationId: string, { fstorOffset }: BoardProfile): string {
    return join(IMAGES, `${registrationId.replaceAll(":", "+")}-0x${fstorOffset.toString(16)}.bin`)
}

/** Writes the file as a whole, for the owner's eyes only, unless it is there already. @returns whether it wrote */
export function writeIfChanged(file: string, bytes: Uint8Array): boolean {
    if (contentEquals(file, bytes)) {
        chmodSync(file, OWNER_FILE)
        return false
    }
    writePrivate(file, bytes)
    return true
}

/** Writes a file as a whole that only its owner may read. */
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

/** SHA-256 in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
    return createHash("sha256").update(bytes).digest("hex")
}
