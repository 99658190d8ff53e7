// Starts a worker thread of seed-jobs.ts. tsx runs the TypeScript without a build.
import { register } from "tsx/esm/api"

register()
await import("./seed-worker.ts")
