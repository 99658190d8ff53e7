import { Readable } from "node:stream"
import { describe, expect, test } from "vitest"
import { checkId, validateKey } from "../../../tools/fleet/validate-ids.js"
import { type DeviceKey, deriveKeys } from "../../../tools/fleet/derive-keys.js"

// Microsoft, "Symmetric key attestation", group enrollments.
const DOC_GROUP_KEY =
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
const DOC_ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
const DOC_KEY = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="

async function keysOf(text: string, column = "registrationId", columnRequired = false): Promise<DeviceKey[]> {
    const keys: DeviceKey[] = []
    const source = { input: Readable.from([text]), name: "ids.txt", column, columnRequired }
    for await (const key of deriveKeys(source, DOC_GROUP_KEY)) keys.push(key)
    return keys
}

describe("device keys of a group", () => {
    test("are those of Microsoft's documentation", async () => {
        expect(await keysOf(DOC_ID)).toEqual([{ registrationId: DOC_ID, key: DOC_KEY }])
    })

    test("are of the ID in lower case, once: DPS compares IDs so", async () => {
        expect(await keysOf(DOC_ID.toUpperCase())).toEqual([{ registrationId: DOC_ID, key: DOC_KEY }])
    })

    test("an ID a line and a CSV with the column are read alike, blank lines and a BOM aside", async () => {
        const list = await keysOf(`\ufeffa\n\nb\r\nc`)
        expect(list.map(({ registrationId }) => registrationId)).toEqual(["a", "b", "c"])
        expect(await keysOf(`room,registrationId\n"hall, 3",a\n,b\n9,c\n`)).toEqual(list)
        expect(await keysOf(`id\na\nb\nc\n`, "id", true)).toEqual(list)
    })

    test.each([
        ["a,b\nc,d\n", undefined, /line 1: names no column registrationId/],
        ["a\n", "id", /line 1: names no column id/],
        ["\n\n", undefined, /has no registration ID/],
        ['a\n"b\n', undefined, /is no CSV/],
    ])("%j with column %s is refused", async (text, column, message) => {
        await expect(keysOf(text, column ?? "registrationId", column !== undefined)).rejects.toThrow(message)
    })

    test("every mistake is listed with its line, and no key of the line or after it is given", async () => {
        const got: string[] = []
        const text = `a\nb\nA\nné\nends.\n${"x".repeat(129)}\nd\n`
        const source = {
            input: Readable.from([text]),
            name: "ids.txt",
            column: "registrationId",
            columnRequired: false,
        }
        const all = async () => {
            for await (const { registrationId } of deriveKeys(source, DOC_GROUP_KEY)) got.push(registrationId)
        }
        await expect(all()).rejects.toThrow(
            [
                "ids.txt cannot be used:",
                "  line 3: a is there already, on line 1",
                '  line 4: the registration ID "né" has "é": it takes a-z 0-9 - . _ : only',
                '  line 5: the registration ID "ends." must end in a letter, a digit or a dash',
                `  line 6: the registration ID "${"x".repeat(40)}..." has 129 characters: 128 are the most`,
            ].join("\n")
        )
        expect(got).toEqual(["a", "b"])
    })
})

describe("a registration ID", () => {
    test.each(["a", "-", "A-1._:z", "x".repeat(128)])("%s is one, in lower case", text => {
        expect(checkId(text)).toEqual({ id: text.toLowerCase() })
    })

    test.each([
        ["", /is empty/],
        ["a b", /has " "/],
        ["a\u212a", /has "\u212a"/],
        ["a:", /must end in/],
    ])("%j is none", (text, why) => {
        expect(checkId(text).mistake).toMatch(why)
    })
})

describe("a symmetric key", () => {
    test.each([16, 64])("of %i bytes is one", bytes => {
        expect(validateKey(Buffer.alloc(bytes, 7).toString("base64"))).toBeUndefined()
    })

    test.each([
        [Buffer.alloc(15, 7).toString("base64"), /has 15 bytes: it takes 16 to 64/],
        [Buffer.alloc(65, 7).toString("base64"), /has 65 bytes/],
        ["not Base64!", /is not Base64/],
        [Buffer.alloc(16, 7).toString("base64").replace(/=+$/, ""), /is not Base64/],
    ])("%s is none, and the message does not show it", (key, why) => {
        expect(validateKey(key)).toMatch(why)
        expect(validateKey(key)).not.toContain(key)
    })
})
