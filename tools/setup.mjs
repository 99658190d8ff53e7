// Run before `npm start` and `npm test`: installs what a fresh clone lacks. Plain Node, no dependencies;
// all it says goes to stderr, so that stdout is the command's own.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const NODE_MAJOR_MIN = 20
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..")
const MODULES = join(ROOT, "node_modules")
/** A folder that exists while one setup works; the others wait. It holds the worker's process id. */
const LOCK = join(ROOT, ".devicescript", "moorage-setup.lock")
const LOCK_POLL_MS = 200
/** Work that takes longer is announced. */
const QUIET_MS = 2000
/** `devs build` unpacks these beside its CLI; npm does not know them and removes them. */
const LIBRARIES = ["core", "crypto", "net", "runtime", "settings", "test"].map(name =>
    join(MODULES, "@devicescript", name)
)

class SetupError extends Error {}

function say(line) {
    process.stderr.write(`${line}\n`)
}

function checkNode() {
    if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) return
    throw new SetupError(
        `Moorage needs Node ${NODE_MAJOR_MIN} or later; this is ${process.version}. Install a newer one: https://nodejs.org`
    )
}

function packagesIn(path) {
    try {
        return JSON.parse(fs.readFileSync(path, "utf8")).packages
    } catch {
        return undefined
    }
}

/**
 * Whether node_modules is what package-lock.json asks for. npm writes what it installed to a lock file of
 * its own there, last; packages for other machines are optional and may be missing.
 */
function isInstalled() {
    const installed = packagesIn(join(MODULES, ".package-lock.json"))
    const wanted = packagesIn(join(ROOT, "package-lock.json"))
    if (!wanted)
        throw new SetupError("package-lock.json is missing or damaged: git checkout package-lock.json")
    if (!installed) return false
    return Object.entries(wanted).every(([path, { version, integrity, optional, link }]) => {
        if (path === "") return true
        const found = installed[path]
        if (!found) return optional === true
        return found.version === version && found.integrity === integrity && found.link === link
    })
}

function isUnpacked() {
    return LIBRARIES.every(path => fs.existsSync(join(path, "package.json")))
}

/** What a program said, without the stacks in it. */
function withoutStacks(output) {
    const lines = output.trim().split("\n")
    return lines.filter(line => !/^(npm error)?\s+at /.test(line)).join("\n")
}

/** Runs a program to its end and keeps what it prints for the case that it fails. */
function run(what, cure, command, args, cwd) {
    return new Promise((done, fail) => {
        const shell = process.platform === "win32" && command === "npm"
        const child = spawn(command, args, { cwd, shell, stdio: ["ignore", "pipe", "pipe"] })
        const announce = setTimeout(() => say(`${what} (once) ...`), QUIET_MS)
        let output = ""
        child.stdout.on("data", data => (output += data))
        child.stderr.on("data", data => (output += data))
        child.on("error", error =>
            fail(new SetupError(`${what}: ${command} does not start: ${error.message}. ${cure}`))
        )
        child.on("close", code => {
            clearTimeout(announce)
            if (code === 0) done()
            else fail(new SetupError(`${what} failed:\n${withoutStacks(output)}\n${cure}`))
        })
    })
}

async function install() {
    const cure = "Is the npm registry within reach? Then run the same command again."
    const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
    // The npm that runs this script, or the one on the path.
    const npm = process.env.npm_execpath
    if (npm && /npm-cli\.c?js$/.test(npm)) {
        await run("Installing packages", cure, process.execPath, [npm, ...args], ROOT)
    } else await run("Installing packages", cure, "npm", args, ROOT)
}

/**
 * Any build unpacks the libraries: one of nothing, in a folder of its own, so that it meets no other build.
 * They are moved into place whole.
 */
async function unpack() {
    const folder = join(ROOT, "build", `setup-${process.pid}`)
    try {
        fs.mkdirSync(folder, { recursive: true })
        fs.writeFileSync(join(folder, "devsconfig.json"), "{}\n")
        fs.writeFileSync(join(folder, "package.json"), "{}\n")
        fs.writeFileSync(join(folder, "empty.ts"), "export {}\n")
        // The boards of the project are part of the libraries' types.
        const boards = join(ROOT, "boards")
        if (fs.existsSync(boards)) fs.symlinkSync(boards, join(folder, "boards"), "junction")
        const cli = join(MODULES, "@devicescript", "cli", "devicescript")
        const cure = "Delete node_modules and run the same command again."
        await run(
            "Unpacking DeviceScript's libraries",
            cure,
            process.execPath,
            [cli, "build", "empty.ts"],
            folder
        )
        const unpacked = join(folder, "node_modules", "@devicescript")
        for (const name of fs.readdirSync(unpacked)) {
            const place = join(MODULES, "@devicescript", name)
            if (fs.existsSync(join(place, "package.json"))) continue
            fs.rmSync(place, { recursive: true, force: true })
            fs.renameSync(join(unpacked, name), place)
        }
    } finally {
        fs.rmSync(folder, { recursive: true, force: true })
    }
}

/** Whether the process that holds the lock still lives; one that just made it may not have written its id. */
function holderLives() {
    try {
        process.kill(Number(fs.readFileSync(join(LOCK, "pid"), "utf8")), 0)
        return true
    } catch (error) {
        return error.code === "EPERM" || (error.code === "ENOENT" && fs.existsSync(LOCK) && isYoung(LOCK))
    }
}

function isYoung(path) {
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    return !!stat && Date.now() - stat.mtimeMs < QUIET_MS
}

function tryLock() {
    try {
        fs.mkdirSync(LOCK)
        fs.writeFileSync(join(LOCK, "pid"), String(process.pid))
        return true
    } catch (error) {
        if (error.code !== "EEXIST") throw error
        if (!holderLives()) fs.rmSync(LOCK, { recursive: true, force: true })
        return false
    }
}

async function withLock(work) {
    fs.mkdirSync(dirname(LOCK), { recursive: true })
    for (let polls = 0; !tryLock(); polls++) {
        if (polls * LOCK_POLL_MS === QUIET_MS) say("Waiting for another setup of this folder ...")
        await new Promise(done => setTimeout(done, LOCK_POLL_MS))
    }
    const unlock = () => fs.rmSync(LOCK, { recursive: true, force: true })
    process.once("exit", unlock)
    await work()
    unlock()
    process.off("exit", unlock)
}

try {
    checkNode()
    if (!isInstalled() || !isUnpacked()) {
        await withLock(async () => {
            if (!isInstalled()) await install()
            if (!isUnpacked()) await unpack()
        })
    }
} catch (error) {
    say(
        error instanceof SetupError
            ? error.message
            : `Setup failed: ${error.message}. Is this folder writable?`
    )
    process.exit(1)
}
