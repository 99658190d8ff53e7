// Bytecode of each image, and what holds it, from the compiler's own statistics.
import { readFileSync } from "node:fs"
import { buildFirmware } from "@moorage/vm"

const LARGEST = 12

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
        const largest = rows.sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST)
        console.log(`    ${largest.map(({ bytes, name }) => `${name} ${bytes}`).join(", ")}`)
    }
}
