import { existsSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

const IMPORT = /(?:\bfrom|\bimport)\s*["']([^"']+)["']/g
const DEVICE_PACKAGE = "@moorage/device"

/**
 * The entry and all files of the project that it imports, relative to the
 * project, sorted. What comes from npm is fixed by the lock file and not listed.
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

/** The imported file as the compiler finds it, or undefined when it is not the project's own or missing. */
function resolveImport(projectDir: string, from: string, name: string): string | undefined {
    let base: string
    if (name.startsWith(".")) base = join(dirname(from), name)
    else if (name === DEVICE_PACKAGE || name.startsWith(`${DEVICE_PACKAGE}/`)) {
        base = join("devs", name.slice(DEVICE_PACKAGE.length))
    } else return undefined
    const candidates = [base, `${base}.ts`, `${base.replace(/\.js$/, "")}.ts`, join(base, "index.ts")]
    return candidates.find(file => file.endsWith(".ts") && existsSync(join(projectDir, file)))
}
