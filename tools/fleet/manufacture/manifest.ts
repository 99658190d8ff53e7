// manifest.json: the images of a fleet with their checksums and flash addresses. It contains no secret.
import { readFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import * as v from "valibot"
import { ImageError } from "./image-error.js"
import { IMAGES, writePrivate } from "./image-files.js"

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "is not a SHA-256"))
const unsigned = v.pipe(v.number(), v.integer(), v.minValue(0))

const ENTRY = v.strictObject({
    registrationId: v.string(),
    /** Name of a board profile in boards/. */
    profile: v.string(),
    /** DeviceScript's archId, which is also the chip name of esptool. */
    arch: v.string(),
    /** Path relative to the folder of the manifest. */
    image: v.string(),
    bytes: unsigned,
    sha256,
    /** Flash address for esptool. */
    offset: unsigned,
    /** `read`: read back as the runtime does; `booted`: also booted in the VM. */
    verified: v.picklist(["read", "booted"]),
})

export const MANIFEST = v.strictObject({
    version: v.literal(1),
    /** The bytecode in the images, by the name of the image in src/. */
    firmware: v.record(v.string(), v.strictObject({ bytes: unsigned, sha256 })),
    boards: v.array(ENTRY),
})

export type ManifestEntry = v.InferOutput<typeof ENTRY>
export type Manifest = v.InferOutput<typeof MANIFEST>

export const MANIFEST_FILE = "manifest.json"

/** Writes the manifest atomically with mode 0600. @throws errors of the file system */
export function writeManifest(outDir: string, manifest: Manifest): void {
    writePrivate(join(outDir, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 1)}\n`)
}

/** Returns the manifest of a folder. @throws ImageError if the file is unreadable or not a manifest */
export function readManifest(outDir: string): Manifest {
    const file = join(outDir, MANIFEST_FILE)
    let json: unknown
    try {
        json = JSON.parse(readFileSync(file, "utf8"))
    } catch (error) {
        throw new ImageError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
    }
    const result = v.safeParse(MANIFEST, json)
    if (!result.success) throw new ImageError(`${file} is not a manifest of \`moorage manufacture\`.`)
    return result.output
}

/** Returns the folder of the manifest that contains an image. */
export function manifestFolder(image: string): string {
    return dirname(dirname(resolve(image)))
}

/** Returns the entry of an image file, or undefined. */
export function findEntry(manifest: Manifest, image: string): ManifestEntry | undefined {
    return manifest.boards.find(entry => entry.image === join(IMAGES, basename(image)))
}
