// Measures the size of each feature of the full image: compiles the image without the feature and prints the difference.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { buildFirmware } from "@moorage/vm"

const MAIN = "src/main.ts"
const TIGHT = "src/maintight.ts"
/** Folder of the compiled variants: the imports of src/ work there, and git ignores it. */
const FOLDER = "build/features"

/** The features, with their fields of the image in src/main.ts. */
const FEATURES: [feature: string, fields: string[]][] = [
    ["twin: reported and desired properties", ["onSessionOpen", "onMessage"]],
    ["status LED", ["runStatusLed"]],
    ["button", ["reprovisionRequested"]],
    ["record in flash", ["storeAssignment"]],
    ["crash count", ["countCrash"]],
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

/** Returns the source without these fields, and without the imports that are unused then. */
function without(source: string, fields: string[]): string {
    let text = source
    for (const field of fields) {
        const line = new RegExp(`^    ${field}: .*\n`, "m")
        if (!line.test(text))
            throw new Error(`${MAIN} has no field ${field}: update FEATURES in test/bench/features.ts`)
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

/** Returns the size of the bytecode of an image with this source. */
async function sizeOf(name: string, source: string): Promise<number> {
    const entry = join(FOLDER, `${name}.ts`)
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(entry, source)
    const { bytecode } = await buildFirmware(entry)
    return bytecode.length
}

/** Prints the size of each feature in bytes of bytecode. */
export async function benchFeatures(): Promise<void> {
    const source = readFileSync(MAIN, "utf8")
    const full = await sizeOf("full", without(source, []))
    console.log(`Bytecode of the full image: ${full} bytes; without`)
    for (const [i, [feature, fields]] of FEATURES.entries()) {
        const size = await sizeOf(`without-${i}`, without(source, fields))
        console.log(
            `  ${feature.padEnd(40)} ${String(size).padStart(6)} bytes: the feature has ${full - size}`
        )
    }
    const { bytecode } = await buildFirmware(TIGHT)
    console.log(
        `  the tight image, for comparison ${" ".repeat(8)} ${String(bytecode.length).padStart(6)} bytes`
    )
    rmSync(FOLDER, { recursive: true, force: true })
}
