// A thread of jobs.ts: TypeScript as it is, without a build.
import { register } from "tsx/esm/api"

register()
await import("./image-worker.ts")
