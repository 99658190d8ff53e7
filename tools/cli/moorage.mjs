#!/usr/bin/env node
// The `moorage` command: TypeScript as it is, without a build. Both kinds of module: devs/ is CommonJS to Node.
import { register as registerCommonJs } from "tsx/cjs/api"
import { register } from "tsx/esm/api"

register()
registerCommonJs()
const { main } = await import("./main.ts")
await main(process.argv)
