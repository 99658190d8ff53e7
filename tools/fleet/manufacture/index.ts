// Manufacture: for each line of a fleet file one image of the board's `fstor` partition.
export { ESPTOOL_CURE, ESPTOOL_NAMES, esptoolArguments, imageToFlash, runtimeCommand } from "./esptool.js"
export { ImageError } from "./image-error.js"
export { readImageFleet } from "./image-fleet-reader.js"
export { MANIFEST, MANIFEST_FILE, type Manifest, type ManifestEntry, readManifest } from "./manifest.js"
export type { Bytecodes } from "./make-image.js"
export { ImageWriter } from "./image-writer.js"
export {
    requiredImages,
    manufacture,
    type ManufactureResult,
    type ManufactureOptions,
} from "./manufacture-images.js"
