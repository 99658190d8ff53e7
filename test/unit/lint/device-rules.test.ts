// Every lint rule for device code, with its valid and invalid cases.
import { errorRules, relaxedInTests, rules } from "@moorage/lint"
import { expect, test } from "vitest"
import { CASES } from "../../helpers/lint-cases.js"
import { testRule } from "../../helpers/rule-tester.js"

for (const [name, cases] of Object.entries(CASES)) testRule(name, cases)

const deviceRules = Object.keys(rules).filter(name => name !== "import-direction")

test("every device rule has valid and invalid cases", () => {
    const tested = Object.keys(CASES).filter(name => CASES[name].valid.length && CASES[name].invalid.length)
    expect(tested.sort()).toEqual(deviceRules.sort())
})

test("every device rule is an error in device code", () => {
    expect(errorRules).toEqual(Object.fromEntries(deviceRules.map(name => [`moorage/${name}`, "error"])))
})

test("only rules that exist are relaxed in tests", () => {
    expect(Object.keys(errorRules)).toEqual(expect.arrayContaining(Object.keys(relaxedInTests)))
})
