import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Images, INVARIANTS } from "@moorage/simulator"
import { MUTANTS } from "../../../bench/mutations/mutants.js"
import { MutantProject } from "../../../bench/mutations/project.js"
import { mutantPlan, runImages, runMutant } from "../../../bench/mutations/try-mutant.js"

const TRIED = ["no jitter after a server error", "slot ignored", "record not checksummed"]
const BUILD_MS = 180_000

let project: MutantProject
beforeAll(() => {
    project = new MutantProject()
})
afterAll(() => project.remove())

const named = (name: string) => {
    const mutant = MUTANTS.find(each => each.name === name)
    if (!mutant) throw new Error(`There is no mutant "${name}"`)
    return mutant
}

describe("the policy, broken on purpose", () => {
    test.each(TRIED)(
        "%s: is caught by the invariant that is to catch it",
        async name => {
            const mutant = named(name)
            const { caught } = await runMutant(project, mutant)
            expect(caught).toHaveProperty([mutant.caughtBy])
        },
        BUILD_MS
    )

    test("every mutant still fits the firmware, and names an invariant that there is", () => {
        const ids = INVARIANTS.map(({ id }) => id)
        expect(MUTANTS.length).toBeGreaterThan(14)
        for (const mutant of MUTANTS) {
            expect(ids).toContain(mutant.caughtBy)
            expect(() => project.check(mutant)).not.toThrow()
        }
    })

    test("a mutant that no longer fits says so", () => {
        const edits = [{ file: "devs/retry/retry-policy.ts", find: "no such text", replace: "" }]
        expect(() => project.check({ name: "old", edits })).toThrow(
            'The mutant "old" has rotted: in devs/retry/retry-policy.ts there is 0 times, not once: no such text'
        )
    })
})

describe("the firmware as it is", () => {
    let images: Images
    beforeAll(async () => {
        images = await project.build({ name: "none", edits: [] })
    }, BUILD_MS)

    test.each(["dps-fault", "slots", "records"] as const)("violates nothing in the plan %s", async name => {
        const { caught } = await runImages(images, mutantPlan(name), 1)
        expect(caught).toEqual({})
    })
})
