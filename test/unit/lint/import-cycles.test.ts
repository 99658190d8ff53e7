// Cycles of imports are defects, type imports included (docs/internals/architecture.md, Layers).
import { readFileSync, readdirSync } from "node:fs"
import { join, sep } from "node:path"
import { expect, test } from "vitest"
import { modulePath } from "../../../tools/lint/layers.js"

/** Every import and re-export. Imports of types count as well: they tie two modules together in the same way. */
const IMPORT = /^(?:import\s+|(?:import|export)\s[^"'=]*?\sfrom\s+)["']([^"']+)["']/gm
const ENDING = /\.(ts|js)$/

/** Returns the modules of `folders`, each with the modules that it imports. */
function importGraph(folders: string[]): Map<string, string[]> {
    const files = folders.flatMap(folder =>
        readdirSync(folder, { recursive: true, encoding: "utf8" })
            .map(file => join(folder, file).split(sep).join("/"))
            .filter(file => ENDING.test(file) && !file.includes("node_modules/"))
    )
    const modules = new Set(files.map(file => file.replace(ENDING, "")))
    const existing = (module: string) => (modules.has(module) ? module : `${module}/index`)
    return new Map(
        files.map(file => {
            const names = [...readFileSync(file, "utf8").matchAll(IMPORT)].map(([, name]) => name)
            return [file.replace(ENDING, ""), names.map(name => existing(modulePath(file, name)))]
        })
    )
}

/** Returns the modules on the first cycle found, or undefined. */
function findCycle(graph: Map<string, string[]>): string[] | undefined {
    const done = new Set<string>()
    function visit(module: string, path: string[]): string[] | undefined {
        if (path.includes(module)) return [...path.slice(path.indexOf(module)), module]
        if (done.has(module)) return undefined
        for (const next of graph.get(module) ?? []) {
            const cycle = visit(next, [...path, module])
            if (cycle) return cycle
        }
        done.add(module)
        return undefined
    }
    return [...graph.keys()].map(module => visit(module, [])).find(cycle => cycle !== undefined)
}

test("no cycle of imports in devs, src and tools", () => {
    const graph = importGraph(["devs", "src", "tools"])
    expect(graph.get("src/main")).toContain("devs/full")
    expect(graph.get("devs/mqtt/mqtt-client")).toContain("devs/socket/socket")
    expect(graph.get("tools/emulator/hub/twin-limits")).toContain("tools/emulator/util/json-object")
    expect(graph.get("tools/emulator/mqtt/mqtt-connection")).toContain("tools/emulator/cloud")
    expect(graph.get("tools/files/file-lock")).toContain("tools/runtime/index")
    expect(findCycle(graph)).toBeUndefined()
})

test("findCycle returns the modules on a cycle", () => {
    const graph = new Map([
        ["a", ["b"]],
        ["b", ["c", "d"]],
        ["c", []],
        ["d", ["b"]],
    ])
    expect(findCycle(graph)).toEqual(["b", "d", "b"])
})
