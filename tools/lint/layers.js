// The allowed imports between folders (docs/internals/architecture.md, Layers). An import points to a lower layer, or to
// another folder of the same layer that the table names. It never points up.

/** Modules that Node can load: they import nothing from `@devicescript/*`, and only each other. */
const PURE = [
    "devs/contract",
    "devs/dps/dps-answer",
    "devs/encoding",
    "devs/http/http-response",
    "devs/mqtt/mqtt-packet",
    "devs/retry",
    "devs/shared",
    "devs/store/record-format",
]

const CORE = "@devicescript/core"
const SHARED = "devs/shared"
/** Packages that every higher host package may import. */
const BASE_PACKAGES = ["tools/errors", "tools/runtime", "tools/protocol", "tools/files", "tools/report"]

/** The modules of the emulator that know no transport. */
const EMULATOR_CORE = [
    "auth",
    "cloud-events",
    "dps",
    "faults",
    "hub",
    "quirks",
    "quota",
    "state",
    "util",
].map(name => `tools/emulator/${name}`)
const EMULATOR_CLOUD = "tools/emulator/cloud"
/** What the core of the emulator imports from other packages. */
const EMULATOR_BASE = ["tools/runtime", "tools/protocol"]

/**
 * [folder or module, what it may import in addition to its own folder], or `null` for no restriction. The first row that
 * contains a file applies to the file.
 */
const ROWS = [
    ...PURE.map(module => [module, PURE]),
    ["devs/socket", [CORE, ...PURE]],
    ["devs/mqtt", [CORE, "devs/socket", ...PURE]],
    ["devs/http", [CORE, "devs/socket", ...PURE]],
    ["devs/auth", [CORE, "@devicescript/crypto", "devs/http", ...PURE]],
    ["devs/dps", [CORE, "devs/mqtt", "devs/http", "devs/auth", ...PURE]],
    ["devs/hub", [CORE, "devs/mqtt", "devs/auth", ...PURE]],
    ["devs/store", [CORE, ...PURE]],
    ["devs/status", [CORE]],
    ["devs", [CORE, "devs"]],
    ["src", ["devs"]],
    ["tools/errors", []],
    ["tools/runtime", []],
    ["tools/lint", []],
    ["tools/protocol", ["tools/runtime"]],
    ["tools/files", ["tools/errors", "tools/runtime"]],
    ["tools/report", ["tools/runtime"]],
    ["tools/vm", ["tools/errors", "tools/runtime", "tools/files"]],
    [
        "tools/emulator/hub",
        [...EMULATOR_BASE, ...EMULATOR_CORE.filter(module => module !== "tools/emulator/dps")],
    ],
    ...[EMULATOR_CLOUD, ...EMULATOR_CORE].map(module => [module, [...EMULATOR_BASE, ...EMULATOR_CORE]]),
    ["tools/emulator/mqtt", [...EMULATOR_BASE, ...EMULATOR_CORE, EMULATOR_CLOUD]],
    ["tools/emulator/rest", [...EMULATOR_BASE, ...EMULATOR_CORE, EMULATOR_CLOUD]],
    ["tools/emulator", ["tools/errors", "tools/runtime", "tools/protocol", "tools/files", SHARED]],
    ["tools/simulator", [...BASE_PACKAGES, "tools/vm", "tools/emulator", SHARED]],
    ["tools/fleet", [...BASE_PACKAGES, "tools/vm", "tools/emulator", "tools/simulator", SHARED]],
    ["tools/cli", [...BASE_PACKAGES, "tools/vm", "tools/emulator", "tools/simulator", "tools/fleet", SHARED]],
    ["tools", ["tools/runtime"]],
    ["test/vm-suites", ["devs", "@devicescript"]],
    ["test", null],
]

function isIn(folder, module) {
    return module === folder || module.startsWith(`${folder}/`)
}

/**
 * Returns the path of an imported module in the repository without its extension, as the workspace links of npm resolve
 * it: `@moorage/vm` is `tools/vm`. Names of other packages are returned unchanged.
 * @param file path of the importing file in the repository, with slashes
 */
export function modulePath(file, name) {
    if (name.startsWith("@moorage/device")) return name.replace("@moorage/device", "devs")
    if (name.startsWith("@moorage/")) return name.replace("@moorage/", "tools/")
    if (!name.startsWith(".")) return name
    const parts = file.split("/").slice(0, -1)
    for (const part of name.replace(/\.(js|ts|mjs)$/, "").split("/")) {
        if (part === "..") parts.pop()
        else if (part !== ".") parts.push(part)
    }
    return parts.join("/")
}

/** Returns whether the layers apply to a module: to modules of this repository and of DeviceScript, not to other packages. */
function hasLayer(module) {
    return /^(devs|src|tools|test|@devicescript)(\/|$)/.test(module)
}

/**
 * Checks one import against the layers.
 * @param file path of the importing file in the repository, with slashes
 * @returns undefined when the import is allowed, else the row of the table that forbids it
 */
export function findForbiddenImport(file, name) {
    const row = ROWS.find(([folder]) => isIn(folder, file.replace(/\.\w+$/, "")))
    const module = modulePath(file, name)
    if (!row || !hasLayer(module)) return undefined
    const [folder, allowed] = row
    if (allowed === null || (isIn(folder, module) && !PURE.includes(folder))) return undefined
    if (allowed.some(other => isIn(other, module))) return undefined
    return { from: PURE.includes(folder) ? `${folder} (pure)` : folder, to: module, allowed }
}
