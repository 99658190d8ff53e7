// Runs tools/setup.mjs in a temporary folder. The programs npm and devs are replaced by scripts that record their calls.
import { spawn } from "node:child_process"
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"

const LIBRARIES = ["core", "crypto", "net", "runtime", "settings", "test"]

/** Installs the packages of the lock file, and records each call in npm.log. */
const NPM = `
const { appendFileSync, copyFileSync, mkdirSync, rmSync, writeFileSync, existsSync } = require("node:fs")
appendFileSync("npm.log", process.argv.slice(2).join(" ") + "\\n")
console.log("added 1 package")
if (existsSync("offline")) {
    console.error("npm error code ENOTFOUND\\nnpm error     at Socket.connect (node:net:1:1)")
    process.exit(1)
}
rmSync("node_modules", { recursive: true, force: true })
mkdirSync("node_modules/@devicescript/cli", { recursive: true })
copyFileSync("devicescript.cjs", "node_modules/@devicescript/cli/devicescript")
copyFileSync("package-lock.json", "node_modules/.package-lock.json")
`

/** Unpacks the libraries next to the program that it builds. */
const DEVS = `
const { mkdirSync, writeFileSync } = require("node:fs")
for (const name of ${JSON.stringify(LIBRARIES)}) {
    mkdirSync("node_modules/@devicescript/" + name, { recursive: true })
    writeFileSync("node_modules/@devicescript/" + name + "/package.json", "{}")
}
`

let folder: string
const at = (...path: string[]) => join(folder, ...path)

function write(path: string, text: string): void {
    mkdirSync(dirname(at(path)), { recursive: true })
    writeFileSync(at(path), text)
}

function writeLock(version: string): void {
    const packages = {
        "": {},
        "node_modules/a": { version, integrity: `sha512-${version}` },
        "node_modules/b": { version: "1.0.0", optional: true },
    }
    write("package-lock.json", JSON.stringify({ packages }))
}

interface Run {
    code: number | null
    stdout: string
    stderr: string
}

function setup(): Promise<Run> {
    const env = { ...process.env, npm_execpath: at("npm-cli.js") }
    const child = spawn(process.execPath, [at("tools/setup.mjs")], { env, cwd: tmpdir() })
    const run: Run = { code: null, stdout: "", stderr: "" }
    child.stdout.on("data", data => (run.stdout += data))
    child.stderr.on("data", data => (run.stderr += data))
    return new Promise(resolve => child.on("close", code => resolve({ ...run, code })))
}

const silentSuccess: Run = { code: 0, stdout: "", stderr: "" }
const npmCalls = () =>
    existsSync(at("npm.log")) ? readFileSync(at("npm.log"), "utf8").trim().split("\n") : []
const libraries = () => readdirSync(at("node_modules/@devicescript")).filter(name => name !== "cli")

beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "moorage-setup-"))
    cpSync("tools/setup.mjs", at("tools/setup.mjs"), { recursive: true })
    write("npm-cli.js", NPM)
    write("devicescript.cjs", DEVS)
    writeLock("1.0.0")
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test("installs packages and libraries in a fresh clone, and prints nothing to stdout", async () => {
    expect(await setup()).toMatchObject({ code: 0, stdout: "" })
    expect(npmCalls()).toEqual(["ci --no-audit --no-fund --loglevel=error"])
    expect(libraries()).toEqual(LIBRARIES)
    expect(readdirSync(at("build"))).toEqual([])
    expect(readdirSync(at(".devicescript"))).toEqual([])
})

test("does nothing and prints nothing when everything is installed", async () => {
    await setup()
    expect(await setup()).toEqual(silentSuccess)
    expect(npmCalls()).toHaveLength(1)
})

test("installs again after a change of the lock file, except when npm has installed that change", async () => {
    await setup()
    writeLock("2.0.0")
    expect(await setup()).toMatchObject({ code: 0 })
    expect(npmCalls()).toHaveLength(2)
    writeLock("3.0.0")
    cpSync(at("package-lock.json"), at("node_modules/.package-lock.json"))
    expect(await setup()).toEqual(silentSuccess)
    expect(npmCalls()).toHaveLength(2)
})

test("unpacks missing libraries without another install", async () => {
    await setup()
    rmSync(at("node_modules/@devicescript/net"), { recursive: true })
    expect(await setup()).toMatchObject({ code: 0 })
    expect(libraries()).toEqual(LIBRARIES)
    expect(npmCalls()).toHaveLength(1)
})

test("installs once when three setups run at the same time", async () => {
    const runs = await Promise.all([setup(), setup(), setup()])
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(npmCalls()).toHaveLength(1)
    expect(libraries()).toEqual(LIBRARIES)
})

test("takes over the lock of a setup that was killed, and still installs once", async () => {
    const dead = spawn(process.execPath, ["-e", ""])
    await new Promise(resolve => dead.on("close", resolve))
    write(".devicescript/moorage-setup.lock/pid", String(dead.pid))
    const runs = await Promise.all([setup(), setup(), setup()])
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(npmCalls()).toHaveLength(1)
    expect(readdirSync(at(".devicescript"))).toEqual([])
})

test("reports a failed install with its cause and what to do, without a stack trace", async () => {
    write("offline", "")
    const { code, stdout, stderr } = await setup()
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toMatch(/^Installing packages failed:\nadded 1 package\nnpm error code ENOTFOUND\n/)
    expect(stderr).toMatch(/, then run the same command again\.\n$/)
    expect(stderr).not.toMatch(/ at /)
    expect(readdirSync(at(".devicescript"))).toEqual([])
})

test("names a damaged lock file and how to restore it", async () => {
    write("package-lock.json", "{")
    const { code, stderr } = await setup()
    expect(code).toBe(1)
    expect(stderr).toBe(
        "package-lock.json is missing or damaged. Restore it with `git checkout package-lock.json`.\n"
    )
})

test("rejects an old version of Node and names the required one", async () => {
    const text = readFileSync(at("tools/setup.mjs"), "utf8")
    write("tools/setup.mjs", text.replace("NODE_MAJOR_MIN = 20", "NODE_MAJOR_MIN = 999"))
    const { code, stderr } = await setup()
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Moorage needs Node 999 or later, but this is v\d+\.\d+\.\d+\./)
})
