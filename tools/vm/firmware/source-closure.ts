import { existsSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

const IMPORT = /(?:\bfrom|\bimport)\s*["']([^"']+)["']/g
const DEVICE_PACKAGE = "@moorage/device"

/**
 * Returns the entry and all files of the project that it imports directly or indirectly, as sorted paths in the project.
 * Packages of npm are not listed, because the lock file fixes their content.
 */
export function sourceClosure(projectDir: string, entry: string): string[] {
    const seen = new Set<string>()
    const pending = [normalize(entry)]
    for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
        if (seen.has(file)) continue
        seen.add(file)
        for (const [, name] of readFileSync(join(projectDir, file), "utf8").matchAll(IMPORT)) {
            const found = resolveImport(projectDir, file, name as string)
            if (found) pending.push(found)
        }
    }
    return [...seen].sort()
}

/** Returns the imported file as the compiler finds it, or undefined for a package or a missing file. */
function resolveImport(projectDir: string, from: string, name: string): string | undefined {
    let base: string
    if (name.startsWith(".")) base = join(dirname(from), name)
    else if (name === DEVICE_PACKAGE || name.startsWith(`${DEVICE_PACKAGE}/`)) {
        base = join("devs", name.slice(DEVICE_PACKAGE.length))
    } else return undefined
    const candidates = [base, `${base}.ts`, `${base.replace(/\.js$/, "")}.ts`, join(base, "index.ts")]
    return candidates.find(file => file.endsWith(".ts") && existsSync(join(projectDir, file)))
}
