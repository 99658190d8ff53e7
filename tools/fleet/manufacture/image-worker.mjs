// Starts a thread of image-jobs.ts. The thread runs TypeScript directly, without a build.
import { register } from "tsx/esm/api"

register()
await import("./image-worker.ts")
