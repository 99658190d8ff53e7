// `npm run build`: compiles firmware images into build/. Arguments name entries (default: every file in src/).
import { readdirSync } from "node:fs"
import { join, relative } from "node:path"
import { VmError } from "../vm-error.js"
import { PROJECT_DIR, buildFirmware } from "./build-firmware.js"

const entries = process.argv.slice(2)
const images = readdirSync(join(PROJECT_DIR, "src"))
    .filter(name => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map(name => `src/${name}`)

try {
    for (const entry of entries.length > 0 ? entries : images) {
        const { bytecode, path, wasCompiled } = await buildFirmware(entry)
        const state = wasCompiled ? "built" : "unchanged"
        console.log(`${entry} -> ${relative(PROJECT_DIR, path)}: ${bytecode.length} bytes (${state})`)
    }
} catch (error) {
    if (!(error instanceof VmError)) throw error
    console.error(error.message)
    process.exitCode = 1
}
