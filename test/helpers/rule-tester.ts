// ESLint's RuleTester under vitest, with the types of device code.
import { RuleTester } from "eslint"
import tseslint from "typescript-eslint"
import { afterAll, describe, it } from "vitest"
import { rules } from "../../tools/lint/index.js"

Object.assign(RuleTester, { afterAll, describe, it, itOnly: it.only })

/** A file of the device project that nothing imports: the code under test stands in its place. */
const FILE = `${process.cwd()}/src/main.ts`
const HEAD = 'import * as ds from "@devicescript/core"\n'

const tester = new RuleTester({
    languageOptions: {
        parser: tseslint.parser as never,
        parserOptions: {
            project: "./tsconfig.device.json",
            tsconfigRootDir: process.cwd(),
            // Else, under CI, the file's text would be read from disk.
            disallowAutomaticSingleRunInference: true,
        },
    },
})

/** Code that a rule lets pass, and code in which it finds exactly one thing. */
export interface Cases {
    good: string[]
    bad: string[]
}

/** Every message says where the fact behind it stands. */
const CITES_FACT = /facts (D\d|\d\.\d)/

/** Proves a trap's rule; `ds` is imported in each case. */
export function prove(name: string, { good, bad }: Cases): void {
    const place = (code: string) => ({ code: HEAD + code, filename: FILE })
    tester.run(name, rules[name], {
        valid: good.map(place),
        invalid: bad.map(code => ({ ...place(code), errors: [{ message: CITES_FACT }] })),
    })
}
