// Run before `npm start` and `npm test`: installs what a fresh clone lacks. Plain Node, no dependencies;
// all it says goes to stderr, so that stdout is the command's own.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const NODE_MAJOR_MIN = 20
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..")
const MODULES = join(ROOT, "node_modules")
/** What was installed: the lock file's hash. */
const STAMP = join(MODULES, ".moorage-lock")
/** `devs build` unpacks DeviceScript's libraries; npm does not know them and removes them. */
const LIBRARY = join(MODULES, "@devicescript", "core", "package.json")

function fail(message) {
    process.stderr.write(`${message}\n`)
    process.exit(1)
}

function run(what, command, args) {
    process.stderr.write(`${what} ...\n`)
    const result = spawnSync(command, args, {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
        encoding: "utf8",
    })
    if (result.error) fail(`${what}: cannot run ${command}: ${result.error.message}`)
    if (result.status !== 0) fail(`${what} failed:\n${`${result.stdout}${result.stderr}`.trim()}`)
}

function install() {
    const lock = createHash("sha256")
        .update(readFileSync(join(ROOT, "package-lock.json")))
        .digest("hex")
    if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return
    const npm = process.platform === "win32" ? "npm.cmd" : "npm"
    run("Installing packages (once)", npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"])
    writeFileSync(STAMP, lock)
}

/** Any build makes the libraries appear; one of nothing, in a folder of its own, is the cheapest. */
function unpackLibraries() {
    if (existsSync(LIBRARY)) return
    const entry = join(ROOT, "build", "empty.ts")
    mkdirSync(dirname(entry), { recursive: true })
    writeFileSync(entry, "export {}\n")
    const cli = join(MODULES, "@devicescript", "cli", "devicescript")
    run("Unpacking DeviceScript's libraries (once)", process.execPath, [cli, "build", "build/empty.ts"])
    rmSync(entry)
}

const major = Number(process.versions.node.split(".")[0])
if (major < NODE_MAJOR_MIN) fail(`Moorage needs Node ${NODE_MAJOR_MIN} or later; this is ${process.version}.`)
install()
unpackLibraries()
