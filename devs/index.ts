// The public entry of `@moorage/device`. The parts of the two images have entries of their own: `@moorage/device/full`
// and `@moorage/device/tight`. Modules with top-level code would otherwise be in every image.

export { moor } from "./agent"
export type { Image } from "./agent/image"
