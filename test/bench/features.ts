// What each feature of the full image costs: the image is compiled without it, and the difference is its price.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { buildFirmware } from "@moorage/vm"

const MAIN = "src/main.ts"
const TIGHT = "src/maintight.ts"
/** Compiled from here: the imports of src/ fit, and git does not see it. */
const FOLDER = "build/features"

/** Fields of the image in src/main.ts that can be left away. */
const FEATURES: [what: string, fields: string[]][] = [
    ["twin: reported and desired properties", ["onSessionOpen", "onMessage"]],
    ["status light", ["runStatusLed"]],
    ["button", ["reprovisionRequested"]],
    ["record in flash (remember)", ["storeAssignment"]],
    ["count of deaths", ["countCrash"]],
    [
        "all of these",
        [
            "onSessionOpen",
            "onMessage",
            "runStatusLed",
            "reprovisionRequested",
            "storeAssignment",
            "countCrash",
        ],
    ],
]

/** src/main.ts without those fields, and without the imports that nothing needs then. */
function without(source: string, fields: string[]): string {
    let text = source
    for (const field of fields) {
        const line = new RegExp(`^    ${field}: .*\n`, "m")
        if (!line.test(text)) throw new Error(`${MAIN} has no field ${field}: revise test/bench/features.ts`)
        text = text.replace(line, "")
    }
    return text.replace(/^import \{([^}]+)\} from (.+)\n/gm, (_, names: string, from: string) => {
        const used = names
            .split(",")
            .map(name => name.trim())
            .filter(name => name !== "")
            .filter(name => text.split(new RegExp(`\\b${name}\\b`)).length > 2)
        return used.length > 0 ? `import { ${used.join(", ")} } from ${from}\n` : ""
    })
}

async function sizeOf(name: string, source: string): Promise<number> {
    const entry = join(FOLDER, `${name}.ts`)
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(entry, source)
    const { bytecode } = await buildFirmware(entry)
    return bytecode.length
}

/** Prints what each feature costs in bytes of bytecode. */
export async function benchFeatures(): Promise<void> {
    const source = readFileSync(MAIN, "utf8")
    const full = await sizeOf("full", without(source, []))
    console.log(`Bytecode of the full image: ${full} bytes; without`)
    for (const [i, [what, fields]] of FEATURES.entries()) {
        const size = await sizeOf(`without-${i}`, without(source, fields))
        console.log(`  ${what.padEnd(40)} ${String(size).padStart(6)} bytes: it costs ${full - size}`)
    }
    const { bytecode } = await buildFirmware(TIGHT)
    console.log(
        `  the tight image, for comparison ${" ".repeat(8)} ${String(bytecode.length).padStart(6)} bytes`
    )
    rmSync(FOLDER, { recursive: true, force: true })
}
