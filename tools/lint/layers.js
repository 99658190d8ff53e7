// ARCHITECTURE's folder table: who may import whom. The first row whose folder holds a file is the file's row.

/** Modules that Node imports as they are: nothing of `@devicescript/*`, and only each other. */
const PURE = [
    "devs/contract",
    "devs/dps/dps-answer",
    "devs/encoding",
    "devs/http/http-response",
    "devs/mqtt/mqtt-packet",
    "devs/retry",
    "devs/shared",
    "devs/store/assignment-record",
]

const CORE = "@devicescript/core"
const SHARED = "devs/shared"
/** What every host package may import: everything that a test injects, and what is true of Azure and of files. */
const GROUND = ["tools/runtime", "tools/protocol", "tools/files", "tools/report"]

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

/** folder or module -> what it may import besides its own folder; `null`: anything */
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
    ["tools/runtime", []],
    ["tools/lint", []],
    ["tools/protocol", ["tools/runtime"]],
    ["tools/files", ["tools/runtime"]],
    ["tools/report", ["tools/runtime"]],
    ["tools/vm", ["tools/runtime", "tools/files"]],
    [
        "tools/emulator/hub",
        [...EMULATOR_BASE, ...EMULATOR_CORE.filter(module => module !== "tools/emulator/dps")],
    ],
    ...[EMULATOR_CLOUD, ...EMULATOR_CORE].map(module => [module, [...EMULATOR_BASE, ...EMULATOR_CORE]]),
    ["tools/emulator/mqtt", [...EMULATOR_BASE, ...EMULATOR_CORE, EMULATOR_CLOUD]],
    ["tools/emulator/rest", [...EMULATOR_BASE, ...EMULATOR_CORE, EMULATOR_CLOUD]],
    ["tools/emulator", ["tools/runtime", "tools/protocol", "tools/files", SHARED]],
    ["tools/simulator", [...GROUND, "tools/vm", "tools/emulator", SHARED]],
    ["tools/fleet", [...GROUND, "tools/vm", "tools/emulator", "tools/simulator", SHARED]],
    ["tools/cli", [...GROUND, "tools/vm", "tools/emulator", "tools/simulator", "tools/fleet", SHARED]],
    ["tools", ["tools/runtime"]],
    ["test/vm-suites", ["devs", "@devicescript"]],
    ["test", null],
]

function isIn(folder, module) {
    return module === folder || module.startsWith(`${folder}/`)
}

/** A module's path in the repository without its extension; `@moorage/vm` is `tools/vm`, as npm links it. */
export function moduleOf(file, name) {
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

/** Packages of npm and of Node are no matter of direction; the project's own and DeviceScript's are. */
function isOurs(module) {
    return /^(devs|src|tools|test|@devicescript)(\/|$)/.test(module)
}

/**
 * Whether `file` may import `name`.
 * @param file path in the repository, with slashes
 * @returns undefined when it may, else the row that forbids it
 */
export function forbidden(file, name) {
    const row = ROWS.find(([folder]) => isIn(folder, file.replace(/\.\w+$/, "")))
    const module = moduleOf(file, name)
    if (!row || !isOurs(module)) return undefined
    const [folder, allowed] = row
    if (allowed === null || (isIn(folder, module) && !PURE.includes(folder))) return undefined
    if (allowed.some(other => isIn(other, module))) return undefined
    return { from: PURE.includes(folder) ? `${folder} (pure)` : folder, to: module, allowed }
}
