// The text form of the assignment record, devs/store/record-format.ts.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
    type Assignment,
    formatRecord,
    parseRecord,
    isStillValid,
} from "../../../../devs/store/record-format"

const OWNER = "dps|0ne0|key|"
const ID = "board-1"
const name = fc.stringMatching(/^[a-z0-9._:-]{1,128}$/)
const assignment: fc.Arbitrary<Assignment> = fc.record({
    hub: name,
    deviceId: name,
    expirySec: fc.integer({ min: 0, max: 9_999_999_999 }),
})

describe("an assignment record", () => {
    test("is parsed to the assignment that was formatted", () => {
        fc.assert(
            fc.property(assignment, given => {
                expect(parseRecord(formatRecord(given, ID, OWNER), ID, OWNER)).toEqual(given)
            })
        )
    })

    test("does not contain the device ID when it equals the registration ID", () => {
        const given = { hub: "h.azure-devices.net", deviceId: ID, expirySec: 1 }
        expect(formatRecord(given, ID, OWNER)).not.toContain(ID)
        expect(parseRecord(formatRecord(given, ID, OWNER), ID, OWNER)).toEqual(given)
    })

    test("is rejected when any one character is damaged", () => {
        const text = formatRecord(
            { hub: "h.azure-devices.net", deviceId: "d", expirySec: 1800000000 },
            ID,
            OWNER
        )
        for (let at = 0; at < text.length; at++)
            for (const other of ["0", "|", "z", ""]) {
                const damaged = text.slice(0, at) + other + text.slice(at + 1)
                if (damaged !== text) expect(parseRecord(damaged, ID, OWNER), damaged).toBeUndefined()
            }
    })

    test("is rejected when it is cut or mixed from two records", () => {
        fc.assert(
            fc.property(assignment, assignment, fc.nat(), (one, two, cut) => {
                const a = formatRecord(one, ID, OWNER)
                const b = formatRecord(two, ID, OWNER)
                const at = cut % a.length
                expect(parseRecord(a.slice(0, at), ID, OWNER)).toBeUndefined()
                const mixed = a.slice(0, at) + b.slice(at)
                if (mixed !== a && mixed !== b) expect(parseRecord(mixed, ID, OWNER)).toBeUndefined()
            })
        )
    })

    test("is rejected when it belongs to another owner", () => {
        const text = formatRecord({ hub: "h", deviceId: "d", expirySec: 1 }, ID, OWNER)
        expect(parseRecord(text, ID, "dps|0ne1|key|")).toBeUndefined()
    })

    test("is replaced only for another hub, another device, or an expiry at least 60 days later", () => {
        const stored = { hub: "h", deviceId: "d", expirySec: 1_800_000_000 }
        const later = (days: number) => ({ ...stored, expirySec: stored.expirySec + days * 86_400 })
        expect(isStillValid(undefined, stored)).toBe(false)
        expect(isStillValid(stored, stored)).toBe(true)
        expect(isStillValid(stored, later(59))).toBe(true)
        expect(isStillValid(stored, later(60))).toBe(false)
        expect(isStillValid(stored, later(-1))).toBe(false)
        expect(isStillValid(stored, { ...stored, hub: "g" })).toBe(false)
        expect(isStillValid(stored, { ...stored, deviceId: "e" })).toBe(false)
    })

    test("is parsed from any text without an exception", () => {
        fc.assert(
            fc.property(fc.string({ maxLength: 300 }), text => {
                expect(() => parseRecord(text, ID, OWNER)).not.toThrow()
            })
        )
    })
})
