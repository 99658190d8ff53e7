// The public entry of `@moorage/device`. The parts of the two images have entries of their own, `@moorage/device/full` and
// `@moorage/device/tight`, because a module with top-level code is in every image that imports its entry.

export { moor } from "./agent"
export type { Image } from "./agent/image"
