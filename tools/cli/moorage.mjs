#!/usr/bin/env node
// The `moorage` command. It runs the TypeScript sources without a build.
import { register } from "tsx/esm/api"

register()
const { main } = await import("./main.ts")
await main(process.argv)
