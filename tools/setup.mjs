// Runs before `npm start` and `npm test`, and installs what a fresh clone lacks. It uses Node only, because no package is
// installed yet. It prints to stderr, so that stdout belongs to the command that follows.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const NODE_MAJOR_MIN = 20
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..")
const MODULES = join(ROOT, "node_modules")
/** Lock folder: it exists while one setup runs, and other setups wait. It contains the process ID of its owner. */
const LOCK = join(ROOT, ".devicescript", "moorage-setup.lock")
/** Exists while a process removes the lock of a setup that was killed. */
const LOCK_REMOVAL = `${LOCK}.removal`
const LOCK_POLL_MS = 200
/** A step that takes longer is announced. */
const QUIET_MS = 2000
/** A lock without a process ID is valid for this time: its owner may be about to write the ID. */
const LOCK_WRITE_MS = 2000
/** `devs build` unpacks these packages next to its CLI. npm does not know them and removes them. */
const LIBRARIES = ["core", "crypto", "net", "runtime", "settings", "test"].map(name =>
    join(MODULES, "@devicescript", name)
)

class SetupError extends Error {}

function printLine(line) {
    process.stderr.write(`${line}\n`)
}

function checkNode() {
    if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) return
    throw new SetupError(
        `Moorage needs Node ${NODE_MAJOR_MIN} or later, but this is ${process.version}. Install a newer version: https://nodejs.org`
    )
}

/** Returns the packages in a lock file, or undefined when the file is missing or damaged. */
function readPackages(path) {
    try {
        return JSON.parse(fs.readFileSync(path, "utf8")).packages
    } catch {
        return undefined
    }
}

/**
 * Returns whether node_modules matches package-lock.json. As its last step, npm writes a lock file with the installed
 * packages to node_modules. Packages for other platforms are optional and may be missing.
 */
function isInstalled() {
    const installed = readPackages(join(MODULES, ".package-lock.json"))
    const required = readPackages(join(ROOT, "package-lock.json"))
    if (!required)
        throw new SetupError(
            "package-lock.json is missing or damaged. Restore it with `git checkout package-lock.json`."
        )
    if (!installed) return false
    return Object.entries(required).every(([path, { version, integrity, optional, link }]) => {
        if (path === "") return true
        const found = installed[path]
        if (!found) return optional === true
        return found.version === version && found.integrity === integrity && found.link === link
    })
}

function isUnpacked() {
    return LIBRARIES.every(path => fs.existsSync(join(path, "package.json")))
}

/** Returns the output of a program without stack traces. */
function withoutStackTraces(output) {
    const lines = output.trim().split("\n")
    return lines.filter(line => !/^(npm error)?\s+at /.test(line)).join("\n")
}

/**
 * Runs a program to its end. Its output is printed only when it fails.
 * @param {{ step: string, cure: string }} texts name of the step, and what the user can do when it fails
 */
function run({ step, cure }, command, args, cwd = ROOT) {
    return new Promise((done, fail) => {
        const shell = process.platform === "win32" && command === "npm"
        const child = spawn(command, args, { cwd, shell, stdio: ["ignore", "pipe", "pipe"] })
        const announce = setTimeout(() => printLine(`${step} (once) ...`), QUIET_MS)
        let output = ""
        child.stdout.on("data", data => (output += data))
        child.stderr.on("data", data => (output += data))
        child.on("error", error =>
            fail(new SetupError(`${step} failed: ${command} does not start: ${error.message}. ${cure}`))
        )
        child.on("close", code => {
            clearTimeout(announce)
            if (code === 0) done()
            else fail(new SetupError(`${step} failed:\n${withoutStackTraces(output)}\n${cure}`))
        })
    })
}

async function install() {
    const texts = {
        step: "Installing packages",
        cure: "Check that the npm registry is reachable, then run the same command again.",
    }
    const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
    // The npm that runs this script, or else the npm on the path.
    const npm = process.env.npm_execpath
    if (npm && /npm-cli\.c?js$/.test(npm)) {
        await run(texts, process.execPath, [npm, ...args])
    } else await run(texts, "npm", args)
}

/**
 * Unpacks the libraries of DeviceScript. Every build does that, so this builds an empty program in a separate folder, where
 * it cannot disturb another build. The libraries are then moved to node_modules.
 */
async function unpack() {
    const folder = join(ROOT, "build", `setup-${process.pid}`)
    try {
        fs.mkdirSync(folder, { recursive: true })
        fs.writeFileSync(join(folder, "devsconfig.json"), "{}\n")
        fs.writeFileSync(join(folder, "package.json"), "{}\n")
        fs.writeFileSync(join(folder, "empty.ts"), "export {}\n")
        // The types of the libraries contain the boards of the project.
        const boards = join(ROOT, "boards")
        if (fs.existsSync(boards)) fs.symlinkSync(boards, join(folder, "boards"), "junction")
        const cli = join(MODULES, "@devicescript", "cli", "devicescript")
        const texts = {
            step: "Unpacking the libraries of DeviceScript",
            cure: "Delete node_modules and run the same command again.",
        }
        await run(texts, process.execPath, [cli, "build", "empty.ts"], folder)
        const unpacked = join(folder, "node_modules", "@devicescript")
        for (const name of fs.readdirSync(unpacked)) {
            const target = join(MODULES, "@devicescript", name)
            if (fs.existsSync(join(target, "package.json"))) continue
            fs.rmSync(target, { recursive: true, force: true })
            fs.renameSync(join(unpacked, name), target)
        }
    } finally {
        fs.rmSync(folder, { recursive: true, force: true })
    }
}

/** Returns whether the process that holds the lock is alive. A new lock may not contain the process ID yet. */
function isOwnerAlive() {
    try {
        process.kill(Number(fs.readFileSync(join(LOCK, "pid"), "utf8")), 0)
        return true
    } catch (error) {
        return error.code === "EPERM" || (error.code === "ENOENT" && isNew(LOCK))
    }
}

function isNew(path) {
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    return stat !== undefined && Date.now() - stat.mtimeMs < LOCK_WRITE_MS
}

/**
 * Removes the lock of a process that has ended. Several processes can find the same lock, and the slowest must not remove
 * the lock that the fastest has just created. Therefore one process at a time looks again and removes the lock.
 */
function removeStaleLock() {
    try {
        fs.mkdirSync(LOCK_REMOVAL)
    } catch (error) {
        if (error.code !== "EEXIST") throw error
        if (!isNew(LOCK_REMOVAL)) fs.rmSync(LOCK_REMOVAL, { recursive: true, force: true })
        return
    }
    if (!isOwnerAlive()) fs.rmSync(LOCK, { recursive: true, force: true })
    fs.rmSync(LOCK_REMOVAL, { recursive: true, force: true })
}

function tryLock() {
    try {
        fs.mkdirSync(LOCK)
        fs.writeFileSync(join(LOCK, "pid"), String(process.pid))
        return true
    } catch (error) {
        if (error.code !== "EEXIST") throw error
        if (!isOwnerAlive()) removeStaleLock()
        return false
    }
}

async function withLock(work) {
    fs.mkdirSync(dirname(LOCK), { recursive: true })
    for (let polls = 0; !tryLock(); polls++) {
        if (polls * LOCK_POLL_MS === QUIET_MS) printLine("Waiting for another setup of this folder ...")
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
    printLine(
        error instanceof SetupError
            ? error.message
            : `Setup failed: ${error.message}. Check that this folder is writable.`
    )
    process.exit(1)
}
