// Lints code with eslint.config.js, under the names of files of this repository.
import { ESLint } from "eslint"
import { expect, test } from "vitest"

const eslint = new ESLint({
    // Without this option the parser reads the file from disk when the variable CI is set.
    overrideConfig: { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } },
})

async function lint(filePath: string, code: string): Promise<(string | null)[]> {
    const [result] = await eslint.lintText(code, { filePath })
    return result.messages.map(({ ruleId, message }) => ruleId ?? message)
}

const EMULATOR = "tools/emulator/cloud.ts"

test.each([
    ["Date.now()", "no-restricted-properties"],
    ["Math.random()", "no-restricted-properties"],
    ["new Date()", "no-restricted-syntax"],
    ["setTimeout(() => {}, 1)", "no-restricted-globals"],
    ["setInterval(() => {}, 1)", "no-restricted-globals"],
])("the emulator may not read the clock or a random number: %s", async (code, rule) => {
    expect(await lint(EMULATOR, `export const x = ${code}\n`)).toEqual([rule])
})

test("a date with a given time is allowed", async () => {
    expect(await lint(EMULATOR, "export const x = new Date(0)\n")).toEqual([])
})

test("only system-clock.ts may read the clock of the machine", async () => {
    const code = "export const x = [Date.now(), setTimeout(() => {}, 1)]\n"
    expect(await lint("tools/runtime/system-clock.ts", code)).toEqual([])
    expect(await lint("tools/vm/board.ts", code)).toEqual([
        "no-restricted-properties",
        "no-restricted-globals",
    ])
})

test.each([
    [EMULATOR, "@moorage/vm"],
    [EMULATOR, "../vm/board.js"],
    ["tools/cli/main.ts", "../vm/index.js"],
    ["tools/cli/main.ts", "@moorage/vm/board.js"],
    ["tools/check.ts", "./runtime/index.js"],
    ["test/unit/files/journal.test.ts", "@moorage/vm/board.js"],
    ["devs/contract/fault.ts", "../../tools/runtime/clock"],
    ["src/main.ts", "../tools/runtime/clock"],
])("%s may not import %s", async (file, name) => {
    expect(await lint(file, `export { x } from "${name}"\n`)).toEqual(["moorage/import-direction"])
})

test("a promise without await is an error in host code", async () => {
    const code = "async function f(): Promise<void> {}\nf()\n"
    expect(await lint(EMULATOR, code)).toEqual(["@typescript-eslint/no-floating-promises"])
})

test("device rules are errors in the firmware, and only settings-store.ts may use JSON.stringify", async () => {
    const code = "export const text = JSON.stringify(1)\n"
    expect(await lint("devs/store/record-storage.ts", code)).toEqual(["moorage/no-json-stringify"])
    expect(await lint("devs/store/settings-store.ts", code)).toEqual([])
    expect(await lint("src/main.ts", "export const top = Math.max(1, 2, 3)\n")).toEqual([
        "moorage/pair-math-extremes",
    ])
})

test("rules against aborts of the board also apply to tests that run in the VM", async () => {
    const code = "const list = [Math.random()]\nlist.insert(0, -2)\n"
    expect(await lint("test/vm-suites/sas-token.ts", code)).toEqual(["moorage/no-negative-insert"])
})
