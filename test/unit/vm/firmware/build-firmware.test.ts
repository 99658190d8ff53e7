// Builds of the firmware, and test suites that run inside the VM.
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildFirmware, runVmSuite } from "@moorage/vm"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { sourceClosure } from "../../../../tools/vm/firmware/source-closure.js"

let dir: string
const write = (file: string, text: string) => writeFileSync(join(dir, file), text)

beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-build-"))
    for (const folder of ["src", "devs/part", "test"]) mkdirSync(join(dir, folder), { recursive: true })
    write("devsconfig.json", "{}")
    write("package.json", '{ "name": "firmware", "version": "1.0.0" }')
    write("src/main.ts", 'import { word } from "../devs/part"\nconsole.log(word)\n')
    write("devs/part/index.ts", 'export { word } from "./word"\n')
    write("devs/part/word.ts", 'export const word = "one"\n')
    write("src/other.ts", 'console.log("other")\n')
    write("src/wrong.ts", "const n: number = 'text'\nconsole.log(n)\n")
    write("test/none.ts", 'import { describe } from "@devicescript/test"\ndescribe("empty", () => {})\n')
    write("test/fails.ts", FAILS)
})

const FAILS = `import { describe, expect, test } from "@devicescript/test"
describe("sums", () => {
    test("right", () => { console.warn("not a failure") })
    test("wrong", () => { expect(1 + 1).toBe(3) })
})
`

afterAll(() => rmSync(dir, { recursive: true }))

const build = (entry: string) => buildFirmware(entry, { projectDir: dir })

describe("a firmware build", () => {
    test("depends on the entry file and its imports", () => {
        expect(sourceClosure(dir, "src/main.ts")).toEqual([
            "devs/part/index.ts",
            "devs/part/word.ts",
            "src/main.ts",
        ])
    })

    test("compiles only when the entry file or one of its imports has changed", async () => {
        const first = await build("src/main.ts")
        expect(first).toMatchObject({
            wasCompiled: true,
            entry: "src/main.ts",
            path: join(dir, "build/main.devs"),
        })
        expect(existsSync(first.sizesPath)).toBe(true)
        expect((await build("src/main.ts")).wasCompiled).toBe(false)
        appendFileSync(join(dir, "src/other.ts"), "// changed\n")
        expect((await build("src/main.ts")).wasCompiled).toBe(false)
        write("devs/part/word.ts", 'export const word = "two, and longer than it was"\n')
        const second = await build("src/main.ts")
        expect(second.wasCompiled).toBe(true)
        expect(Buffer.from(second.bytecode).includes("two, and longer")).toBe(true)
    })

    test("waits for another build, so that each build gets its own image", async () => {
        const [main, other] = await Promise.all([build("src/main.ts"), build("src/other.ts")])
        expect(Buffer.from(main.bytecode).includes("two, and longer")).toBe(true)
        expect(Buffer.from(other.bytecode).includes("other")).toBe(true)
    })

    test("fails with the error text of the compiler", async () => {
        await expect(build("src/wrong.ts")).rejects.toMatchObject({
            kind: "build",
            message: expect.stringMatching(
                /src\/wrong\.ts does not compile[^]*Type 'string' is not assignable/
            ),
        })
        expect(existsSync(join(dir, "build/wrong.devs"))).toBe(false)
    })

    test("names a missing entry file", async () => {
        await expect(build("src/none.ts")).rejects.toMatchObject({
            kind: "build",
            message: expect.stringMatching(/Cannot build src\/none\.ts/),
        })
    })
})

describe("a test suite inside the VM", () => {
    test("names a failing test with its output, and does not count a warning as a failure", async () => {
        const result = await runVmSuite("test/fails.ts", { projectDir: dir })
        expect(result).toMatchObject({ total: 2, passed: 1 })
        expect(result.failures.map(({ name }) => name)).toEqual(["sums > wrong"])
        expect(result.failures[0]?.output.join("\n")).toContain("Expected 3, got 2")
    })

    test("fails when it runs no test", async () => {
        const run = runVmSuite("test/none.ts", { projectDir: dir })
        await expect(run).rejects.toMatchObject({
            kind: "test",
            message: expect.stringMatching(/test\/none\.ts ran no test/),
        })
    })

    test("fails when the program is not a test suite", async () => {
        const run = runVmSuite("src/other.ts", { projectDir: dir })
        await expect(run).rejects.toMatchObject({
            kind: "test",
            message: expect.stringMatching(/did not finish/),
        })
    })
})
