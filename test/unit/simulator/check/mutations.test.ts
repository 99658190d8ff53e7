// Mutants of the firmware: each broken rule is detected by an invariant.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Images, INVARIANTS } from "@moorage/simulator"
import { MUTANTS } from "../../../bench/mutations/mutants.js"
import { MutantProject } from "../../../bench/mutations/project.js"
import { mutantPlan, runImages, runMutant } from "../../../bench/mutations/try-mutant.js"

const TESTED_MUTANTS = ["no jitter after a server error", "slot ignored", "record without a checksum"]
const BUILD_MS = 180_000

let project: MutantProject
beforeAll(() => {
    project = new MutantProject()
})
afterAll(() => project.remove())

const findMutant = (name: string) => {
    const mutant = MUTANTS.find(candidate => candidate.name === name)
    if (!mutant) throw new Error(`There is no mutant "${name}"`)
    return mutant
}

describe("a mutant of the firmware", () => {
    test.each(TESTED_MUTANTS)(
        "%s: is detected by the expected invariant",
        async name => {
            const mutant = findMutant(name)
            const { violations } = await runMutant(project, mutant)
            expect(violations).toHaveProperty([mutant.detectedBy])
        },
        BUILD_MS
    )

    test("matches the source of the firmware and names an existing invariant", () => {
        const ids = INVARIANTS.map(({ id }) => id)
        expect(MUTANTS.length).toBeGreaterThan(14)
        for (const mutant of MUTANTS) {
            expect(ids).toContain(mutant.detectedBy)
            expect(() => project.check(mutant)).not.toThrow()
        }
    })

    test("that does not match the source is an error with the file and the text", () => {
        const edits = [{ file: "devs/retry/retry-policy.ts", find: "no such text", replace: "" }]
        expect(() => project.check({ name: "old", edits })).toThrow(
            'Mutant "old" does not match devs/retry/retry-policy.ts: the file has the text 0 times (expected once): no such text'
        )
    })
})

describe("the unchanged firmware", () => {
    let images: Images
    beforeAll(async () => {
        images = await project.build({ name: "none", edits: [] })
    }, BUILD_MS)

    test.each(["dps-fault", "slots", "records"] as const)(
        "violates no invariant in the plan %s",
        async name => {
            const { violations } = await runImages(images, mutantPlan(name), 1)
            expect(violations).toEqual({})
        }
    )
})
