// Packages of this repository import each other by name and only through the `exports` of package.json, so that each
// package can change its inner modules (docs/internals/architecture.md, Layers).
import { existsSync, readFileSync } from "node:fs"
import { modulePath } from "./layers.js"

const ROOT = new URL("../../", import.meta.url)

/** Returns the folder of the package that contains a module, or an empty string for the root package. */
function packageFolder(module) {
    const match = /^(devs|tools\/[^/]+)(\/|$)/.exec(module)
    return match && existsSync(new URL(`${match[1]}/package.json`, ROOT)) ? match[1] : ""
}

const entriesByFolder = new Map()

/** Returns the names under which a package can be imported, for example `@moorage/device/full`. */
export function entriesOf(folder) {
    let entries = entriesByFolder.get(folder)
    if (!entries) {
        const { name, exports } = JSON.parse(readFileSync(new URL(`${folder}/package.json`, ROOT), "utf8"))
        entries = Object.keys(exports).map(entry => name + entry.slice(1))
        entriesByFolder.set(folder, entries)
    }
    return entries
}

/**
 * Checks that an import of another package uses one of the entries of that package. Tests may import inner modules by a
 * relative path.
 * @param file path of the importing file in the repository, with slashes
 * @returns undefined when the import is allowed, else the package folder and its entries
 */
export function findDeepImport(file, name) {
    const isRelative = name.startsWith(".")
    if (!isRelative && !name.startsWith("@moorage/")) return undefined
    if (isRelative && file.startsWith("test/")) return undefined
    const folder = packageFolder(modulePath(file, name))
    if (folder === "") return undefined
    const isAllowed = isRelative ? folder === packageFolder(file) : entriesOf(folder).includes(name)
    return isAllowed ? undefined : { folder, entries: entriesOf(folder) }
}
