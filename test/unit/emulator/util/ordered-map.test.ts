// Sorted IDs, compared with a simple list.
import fc from "fast-check"
import { expect, test } from "vitest"
import { SortedIds } from "../../../../tools/emulator/util/ordered-map.js"

const id = fc.constantFrom("a", "b", "ba", "c", "d", "e")
const step = fc.oneof(
    fc.record({ do: fc.constantFrom("add" as const, "delete" as const), id }),
    fc.record({ do: fc.constant("after" as const), id: fc.option(id, { nil: undefined }), count: fc.nat(4) })
)

test("SortedIds returns the IDs after any ID in order, after any additions and deletions", () => {
    fc.assert(
        fc.property(fc.array(step, { maxLength: 40 }), steps => {
            const ids = new SortedIds()
            const model = new Set<string>()
            for (const each of steps) {
                if (each.do === "after") {
                    const { id: from, count } = each
                    const expected = [...model].sort().filter(known => from === undefined || known > from)
                    expect(ids.after(from, count)).toEqual(expected.slice(0, count))
                } else {
                    ids[each.do](each.id)
                    model[each.do](each.id)
                }
            }
        })
    )
})
