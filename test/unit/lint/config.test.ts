// The real eslint.config.js, on files of this repository with other text in them.
import { ESLint } from "eslint"
import { expect, test } from "vitest"

const eslint = new ESLint({
    // Else, under CI, the file's types would be read from disk.
    overrideConfig: { languageOptions: { parserOptions: { disallowAutomaticSingleRunInference: true } } },
})

async function found(filePath: string, code: string): Promise<(string | null)[]> {
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
])("the emulator has no time or chance of its own: %s", async (code, rule) => {
    expect(await found(EMULATOR, `export const x = ${code}\n`)).toEqual([rule])
})

test("a date of a given time is allowed", async () => {
    expect(await found(EMULATOR, "export const x = new Date(0)\n")).toEqual([])
})

test("the real clock is the one place of the machine's time", async () => {
    const code = "export const x = [Date.now(), setTimeout(() => {}, 1)]\n"
    expect(await found("tools/runtime/system-clock.ts", code)).toEqual([])
    expect(await found("tools/vm/board.ts", code)).toEqual([
        "no-restricted-properties",
        "no-restricted-globals",
    ])
})

test.each([
    [EMULATOR, "@moorage/vm"],
    [EMULATOR, "../vm/board.js"],
    ["devs/contract/fault.ts", "../../tools/runtime/clock"],
    ["src/main.ts", "../tools/runtime/clock"],
])("%s may not import %s", async (file, name) => {
    expect(await found(file, `export { x } from "${name}"\n`)).toEqual(["moorage/import-direction"])
})

test("a promise that nobody waits for is an error in host code", async () => {
    const code = "async function f(): Promise<void> {}\nf()\n"
    expect(await found(EMULATOR, code)).toEqual(["@typescript-eslint/no-floating-promises"])
})

test("traps are errors in the firmware, and JSON.stringify is for the settings only", async () => {
    const code = "export const text = JSON.stringify(1)\n"
    expect(await found("devs/store/record-storage.ts", code)).toEqual(["moorage/no-json-stringify"])
    expect(await found("devs/store/settings-store.ts", code)).toEqual([])
    expect(await found("src/main.ts", "export const top = Math.max(1, 2, 3)\n")).toEqual([
        "moorage/pair-math-extremes",
    ])
})

test("a test on the board keeps the traps that abort it", async () => {
    const code = "const list = [Math.random()]\nlist.insert(0, -2)\n"
    expect(await found("test/vm-suites/sas-token.ts", code)).toEqual(["moorage/no-negative-insert"])
})
