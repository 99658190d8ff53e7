// Makes the flash images of a fleet, reads them back, and prepares them for flashing and simulation.
export { ESPTOOL_CURE, ESPTOOL_NAMES, esptoolArguments, imageToFlash, runtimeCommand } from "./esptool.js"
export { ImageError } from "./image-error.js"
export { readImageFleet } from "./image-fleet-reader.js"
export { ImageWriter } from "./image-writer.js"
export type { Bytecodes } from "./make-image.js"
export {
    manufacture,
    type ManufactureOptions,
    type ManufactureResult,
    requiredImages,
} from "./manufacture-images.js"
export { MANIFEST, MANIFEST_FILE, type Manifest, type ManifestEntry, readManifest } from "./manifest.js"
