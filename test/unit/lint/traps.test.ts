import { expect, test } from "vitest"
import { rules, testFreedoms, trapsAsErrors } from "../../../tools/lint/index.js"
import { CASES } from "../../helpers/lint-cases.js"
import { prove } from "../../helpers/rule-tester.js"

for (const [name, cases] of Object.entries(CASES)) prove(name, cases)

const traps = Object.keys(rules).filter(name => name !== "import-direction")

test("every trap has code that is right and code that is wrong", () => {
    const tried = Object.keys(CASES).filter(name => CASES[name].good.length && CASES[name].bad.length)
    expect(tried.sort()).toEqual(traps.sort())
})

test("every trap is an error in device code", () => {
    expect(trapsAsErrors).toEqual(Object.fromEntries(traps.map(name => [`moorage/${name}`, "error"])))
})

test("a test on the board is free only of traps that exist", () => {
    expect(Object.keys(trapsAsErrors)).toEqual(expect.arrayContaining(Object.keys(testFreedoms)))
})
