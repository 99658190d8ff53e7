// Conventions for files and packages (docs/internals/architecture.md, File names and Layers).
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { basename, dirname } from "node:path"
import { expect, test } from "vitest"

const LINES_MAX = 500
/** Names that may occur in several folders. */
const REPEATED_NAMES = ["index.ts", "command.ts", "run.ts"]

/** All files of the repository, those that are not committed yet included. */
const FILES = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
})
    .stdout.trim()
    .split("\n")
    .filter(file => existsSync(file))

const tsFiles = FILES.filter(file => file.endsWith(".ts"))
const read = (file: string) => readFileSync(file, "utf8")

interface Manifest {
    name: string
    exports?: Record<string, string>
    dependencies?: Record<string, string>
    devDependencies?: Record<string, string>
}

const manifestOf = (folder: string): Manifest => JSON.parse(read(`${folder}/package.json`))
const PACKAGES = FILES.filter(file => /^(devs|tools\/[^/]+)\/package\.json$/.test(file)).map(dirname)

test("the list of files is complete", () => {
    expect(tsFiles).toEqual(expect.arrayContaining(["devs/index.ts", "tools/vm/board.ts", "src/main.ts"]))
    expect(PACKAGES).toEqual(expect.arrayContaining(["devs", "tools/vm", "tools/cli"]))
})

test("names of TypeScript files are in kebab-case", () => {
    const isKebabCase = (file: string) => /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/.test(basename(file))
    expect(tsFiles.filter(file => !isKebabCase(file) && file !== "vitest.config.ts")).toEqual([])
})

test("no two source files have the same name", () => {
    const sources = tsFiles.filter(file => /^(devs|tools)\//.test(file) && !file.endsWith(".d.ts"))
    const names = sources.map(file => basename(file)).filter(name => !REPEATED_NAMES.includes(name))
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
})

test.each(PACKAGES)("every entry of %s resolves from the root", folder => {
    const { name, exports = {} } = manifestOf(folder)
    expect(Object.keys(exports)).toContain(".")
    for (const [entry, target] of Object.entries(exports)) {
        expect(import.meta.resolve(name + entry.slice(1))).toContain(target.slice(1))
        expect(FILES).toContain(`${folder}/${target.slice(2)}`)
    }
})

const IMPORT =
    /^(?:import\s+|(?:import|export)\s[^"'=]*?\sfrom\s+)["']([^."'][^"'\n]*)["']|\bimport\(["']([^."'][^"'\n]*)["']\)/gm

/** Returns the packages that the files of a folder import, Node's own modules excepted. */
function importedPackages(folder: string): string[] {
    const files = FILES.filter(file => file.startsWith(`${folder}/`) && /\.(ts|js|mjs)$/.test(file))
    const names = files.flatMap(file =>
        [...read(file).matchAll(IMPORT)].map(([, statement, call]) => statement ?? call)
    )
    const packages = names.map(name => name.split("/", name.startsWith("@") ? 2 : 1).join("/"))
    return [...new Set(packages)].filter(name => !name.startsWith("node:") && !builtinModules.includes(name))
}

/** DeviceScript unpacks these packages into node_modules when a program is built. */
const isUnpacked = (name: string) => name.startsWith("@devicescript/")

test.each(PACKAGES)("%s declares every package that it imports", folder => {
    const { name, dependencies = {}, devDependencies = {} } = manifestOf(folder)
    const declared = [name, ...Object.keys(dependencies), ...Object.keys(devDependencies)]
    const missing = importedPackages(folder).filter(used => !declared.includes(used) && !isUnpacked(used))
    expect(missing).toEqual([])
})

test("the imports of a package are found", () => {
    expect(importedPackages("tools/files").sort()).toEqual([
        "@moorage/errors",
        "@moorage/runtime",
        "valibot",
        "yaml",
    ])
})

const testFiles = tsFiles.filter(file => file.startsWith("test/"))

test(`no test file has more than ${LINES_MAX} lines`, () => {
    const lineCount = (file: string) => read(file).split("\n").length - 1
    expect(testFiles.filter(file => lineCount(file) > LINES_MAX)).toEqual([])
})

test("every test file has an expectation", () => {
    const withoutExpect = testFiles.filter(
        file => file.endsWith(".test.ts") && !/\bexpect\(/.test(read(file))
    )
    expect(withoutExpect).toEqual([])
})
