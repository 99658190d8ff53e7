// Compiles DeviceScript programs with `devs build`. The result is stored in build/ with a hash of all inputs, so that
// each content is compiled once.
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { VmError } from "../vm-error.js"
import { sourceClosure } from "./source-closure.js"
import { withLock, writeFileAtomic } from "@moorage/files"

/** Root of the repository, which is the DeviceScript project. */
export const PROJECT_DIR = resolve(dirname(fileURLToPath(import.meta.url)), "../../..")

const CLI = "node_modules/@devicescript/cli/devicescript"
/** The compiler always writes here, because its --out-dir is broken. Only one build can run at a time. */
const COMPILER_OUT = ".devicescript/bin"
/** `devs build` unpacks its library here. A fresh clone does not have it. */
const LIBRARY = "node_modules/@devicescript/core"
/** Age from which the lock of another build is taken over, even if its process seems to be alive. */
const LOCK_STALE_MS = 120_000

export interface Firmware {
    /** Path of the entry in the project, for example `src/main.ts`. */
    entry: string
    bytecode: Uint8Array
    /** Path of the bytecode file, `build/<name>.devs`. */
    path: string
    /** Path of the compiler's report on the size of each part (bytecode-sizes.md). */
    sizesPath: string
    /** Whether the compiler ran. */
    wasCompiled: boolean
}

export interface BuildOptions {
    /** Root of the DeviceScript project (default: this repository). */
    projectDir?: string
    /** Folder for the results (default: `build` in the project). */
    outDir?: string
    /** Compiler flags, as for `devs build -F`. */
    flags?: string[]
}

/**
 * Builds one program, unless the result of an earlier build is current. The key of a build covers the entry, the modules
 * that it imports, the boards and the lock file. It also covers the commit, because the compiler puts `git describe` into
 * the image. In a changed tree the compiler adds the minute, which is not part of the key.
 * @throws VmError `build` when the entry is missing or does not compile
 */
export async function buildFirmware(entry: string, options: BuildOptions = {}): Promise<Firmware> {
    const projectDir = options.projectDir ?? PROJECT_DIR
    const outDir = resolve(projectDir, options.outDir ?? "build")
    const relativeEntry = relative(projectDir, resolve(projectDir, entry))
    const paths = outputPaths(outDir, relativeEntry)
    const readResult = (wasCompiled: boolean): Firmware => ({
        entry: relativeEntry,
        bytecode: new Uint8Array(readFileSync(paths.bytecode)),
        path: paths.bytecode,
        sizesPath: paths.sizes,
        wasCompiled,
    })
    const current = (key: string) => existsSync(join(projectDir, LIBRARY)) && isCurrent(paths, key)
    if (current(await buildKey(projectDir, relativeEntry, options))) return readResult(false)
    return withLock(join(projectDir, ".devicescript/moorage-build.lock"), LOCK_STALE_MS, async () => {
        // Meanwhile another process may have built the program, or the sources may have changed.
        const key = await buildKey(projectDir, relativeEntry, options)
        if (current(key)) return readResult(false)
        await compile(projectDir, relativeEntry, options.flags ?? [])
        storeOutput(projectDir, outDir, paths, key)
        return readResult(true)
    })
}

interface OutputPaths {
    bytecode: string
    sizes: string
    key: string
}

/** Returns the paths of the results: `main` for `src/main.ts`, `test-vm-suites-sas-token` for `test/vm-suites/sas-token.ts`. */
function outputPaths(outDir: string, entry: string): OutputPaths {
    const name = entry
        .replace(/\.ts$/, "")
        .replace(/^src\//, "")
        .replace(/[^\w.]+/g, "-")
    const base = join(outDir, name)
    return { bytecode: `${base}.devs`, sizes: `${base}-sizes.md`, key: `${base}.key` }
}

function isCurrent(paths: OutputPaths, key: string): boolean {
    return existsSync(paths.bytecode) && existsSync(paths.key) && readFileSync(paths.key, "utf8") === key
}

async function buildKey(projectDir: string, entry: string, options: BuildOptions): Promise<string> {
    if (!existsSync(join(projectDir, entry))) {
        throw new VmError("build", `Cannot build ${entry}: the file does not exist in ${projectDir}.`)
    }
    const hash = createHash("sha256")
    const files = ["package.json", "package-lock.json", "devsconfig.json", ...inputFolders(projectDir)]
    for (const file of [...files, ...sourceClosure(projectDir, entry)]) {
        const path = join(projectDir, file)
        hash.update(`${file}\0`)
        if (existsSync(path)) hash.update(readFileSync(path))
    }
    hash.update(JSON.stringify(options.flags ?? []))
    hash.update(await gitVersion(projectDir))
    return hash.digest("hex")
}

/** Returns the files in `boards` and `services`. They change every image. */
function inputFolders(projectDir: string): string[] {
    return ["boards", "services"].flatMap(folder => {
        const path = join(projectDir, folder)
        if (!existsSync(path)) return []
        return readdirSync(path)
            .filter(name => /\.(board\.json|md)$/.test(name))
            .sort()
            .map(name => `${folder}/${name}`)
    })
}

/** Returns the text from which the compiler derives `@version`, without the minute that it adds in a changed tree. */
async function gitVersion(projectDir: string): Promise<string> {
    const git = async (...args: string[]) => (await run("git", args, projectDir)).output.trim()
    const head = await git("describe", "--tags", "--match", "v[0-9]*", "--always")
    const dirty = await git("status", "--porcelain", "--untracked-file=no", "--ignore-submodules=untracked")
    return `${head} ${dirty === "" ? "clean" : "changed"}`
}

async function compile(projectDir: string, entry: string, flags: string[]): Promise<void> {
    rmSync(join(projectDir, COMPILER_OUT, "bytecode.devs"), { force: true })
    const args = [join(PROJECT_DIR, CLI), "build", "--stats", ...flags.flatMap(flag => ["-F", flag]), entry]
    const { code, output } = await run(process.execPath, args, projectDir)
    if (code === 0 && existsSync(join(projectDir, COMPILER_OUT, "bytecode.devs"))) return
    const text = output.replace(/\x1b\[[0-9;]*m/g, "").trim()
    throw new VmError("build", `${entry} does not compile (devs build ended with code ${code}):\n${text}`)
}

function storeOutput(projectDir: string, outDir: string, paths: OutputPaths, key: string): void {
    mkdirSync(outDir, { recursive: true })
    const from = (name: string) => join(projectDir, COMPILER_OUT, name)
    rmSync(paths.key, { force: true })
    const sizes = from("bytecode-sizes.md")
    if (existsSync(sizes)) copyFileSync(sizes, paths.sizes)
    writeFileAtomic(paths.bytecode, readFileSync(from("bytecode.devs")))
    writeFileSync(paths.key, key)
}

/** Runs a program to its end. @returns its exit code, and stdout and stderr as one text */
function run(command: string, args: string[], cwd: string): Promise<{ code: number | null; output: string }> {
    return new Promise((done, fail) => {
        const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] })
        let output = ""
        child.stdout.on("data", data => {
            output += data
        })
        child.stderr.on("data", data => {
            output += data
        })
        child.on("error", error =>
            fail(new VmError("build", `${basename(command)} does not start: ${error.message}`))
        )
        child.on("close", code => done({ code, output }))
    })
}
