// Runs ESLint's RuleTester in Vitest, with the types of device code.
import { readFileSync } from "node:fs"
import { rules } from "@moorage/lint"
import { RuleTester } from "eslint"
import tseslint from "typescript-eslint"
import { afterAll, describe, it } from "vitest"

Object.assign(RuleTester, { afterAll, describe, it, itOnly: it.only })

/** A file of the device project that no other file imports. The code of a case takes its place. */
const FILE = `${process.cwd()}/src/main.ts`
const HEAD = 'import * as ds from "@devicescript/core"\n'

const tester = new RuleTester({
    languageOptions: {
        parser: tseslint.parser as never,
        parserOptions: {
            project: "./tsconfig.device.json",
            tsconfigRootDir: process.cwd(),
            // Without this option the parser reads the file from disk when the variable CI is set.
            disallowAutomaticSingleRunInference: true,
        },
    },
})

/** Code that a rule accepts, and code in which the rule reports exactly one problem. */
export interface RuleCases {
    valid: string[]
    invalid: string[]
}

const FACTS = "docs/internals/runtime-facts.md"
/** IDs of the facts: defects such as `D10` and sections such as `1.2`. */
const factIds = [...readFileSync(FACTS, "utf8").matchAll(/^(?:\| (D\d+) \||### (\d+\.\d+) )/gm)].map(
    ([, defect, section]) => (defect ?? section).replace(".", "\\.")
)
const fact = `(?:${factIds.join("|")})`
/** Every message ends with a citation of facts that exist. */
const CITATION = new RegExp(`\\(${FACTS.replaceAll(".", "\\.")}, ${fact}(?:, ${fact})*\\)\\.$`)

/** Tests a device rule with cases; each case can use `ds`. */
export function testRule(name: string, { valid, invalid }: RuleCases): void {
    const inFile = (code: string) => ({ code: HEAD + code, filename: FILE })
    tester.run(name, rules[name], {
        valid: valid.map(inFile),
        invalid: invalid.map(code => ({ ...inFile(code), errors: [{ message: CITATION }] })),
    })
}
