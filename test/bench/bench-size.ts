// Prints the bytecode size of each image and its largest functions, from the statistics of the compiler.
import { readFileSync } from "node:fs"
import { buildFirmware } from "@moorage/vm"

/** Number of functions to print. */
const LARGEST_COUNT = 12

/** Prints the size of both images and their largest functions. */
export async function benchSize(): Promise<void> {
    console.log("Bytecode")
    for (const image of ["main", "maintight"]) {
        const { bytecode, sizesPath } = await buildFirmware(`src/${image}.ts`)
        console.log(`  ${image.padEnd(10)} ${bytecode.length} bytes`)
        const rows = readFileSync(sizesPath, "utf8")
            .split("\n")
            .map(line => /^\s*(\d+) \| `?(\w+)`?/.exec(line))
            .filter(match => match !== null)
            .map(([, bytes, name]) => ({ bytes: Number(bytes), name }))
        const largest = rows.sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST_COUNT)
        console.log(`    ${largest.map(({ bytes, name }) => `${name} ${bytes}`).join(", ")}`)
    }
}
