// manifest.json: what was made, and how it is flashed. It holds no secret.
import { readFileSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import * as v from "valibot"
import { ImageError } from "./image-error.js"
import { IMAGES, writePrivate } from "./image-files.js"

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "is no SHA-256"))
const whole = v.pipe(v.number(), v.integer(), v.minValue(0))

const ENTRY = v.strictObject({
    registrationId: v.string(),
    /** Of boards/. */
    profile: v.string(),
    /** DeviceScript's archId, esptool's chip. */
    arch: v.string(),
    /** Below the manifest's folder. */
    image: v.string(),
    bytes: whole,
    sha256,
    /** Address that esptool writes it to. */
    offset: whole,
    /** `read`: read back as the runtime does; `booted`: that, after the VM booted it. */
    verified: v.picklist(["read", "booted"]),
})

export const MANIFEST = v.strictObject({
    version: v.literal(1),
    /** The bytecode in the images, by name of the image in src/. */
    firmware: v.record(v.string(), v.strictObject({ bytes: whole, sha256 })),
    boards: v.array(ENTRY),
})

export type ManifestEntry = v.InferOutput<typeof ENTRY>
export type Manifest = v.InferOutput<typeof MANIFEST>

export const MANIFEST_FILE = "manifest.json"

export function writeManifest(outDir: string, manifest: Manifest): void {
    writePrivate(join(outDir, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 1)}\n`)
}

/** The manifest of a folder. @throws ImageError that says what is wrong with it */
export function readManifest(outDir: string): Manifest {
    const file = join(outDir, MANIFEST_FILE)
    let json: unknown
    try {
        json = JSON.parse(readFileSync(file, "utf8"))
    } catch (error) {
        throw new ImageError(`Cannot read ${file}: ${(error as Error).message}`, { cause: error })
    }
    const result = v.safeParse(MANIFEST, json)
    if (!result.success) throw new ImageError(`${file} is no manifest that \`moorage manufacture\` wrote.`)
    return result.output
}

/** Which folder has the manifest of an image. */
export function manifestFolder(image: string): string {
    return dirname(dirname(resolve(image)))
}

/** What the manifest says of an image file, if it has it. */
export function findEntry(manifest: Manifest, image: string): ManifestEntry | undefined {
    return manifest.boards.find(entry => entry.image === join(IMAGES, basename(image)))
}
