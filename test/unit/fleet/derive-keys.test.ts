import { Readable } from "node:stream"
import { describe, expect, test } from "vitest"
import { checkId, validateKey } from "../../../tools/fleet/validate-ids.js"
import { type DeviceKey, deriveKeys } from "../../../tools/fleet/derive-keys.js"

// The example of Microsoft Learn, "Symmetric key attestation", section "Group enrollments".
const DOC_GROUP_KEY =
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
const DOC_ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
const DOC_KEY = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="

async function keysFrom(
    text: string,
    column = "registrationId",
    isColumnRequired = false
): Promise<DeviceKey[]> {
    const keys: DeviceKey[] = []
    const source = { input: Readable.from([text]), name: "ids.txt", column, isColumnRequired }
    for await (const key of deriveKeys(source, DOC_GROUP_KEY)) keys.push(key)
    return keys
}

describe("the device keys of an enrollment group", () => {
    test("match the example in Microsoft's documentation", async () => {
        expect(await keysFrom(DOC_ID)).toEqual([{ registrationId: DOC_ID, key: DOC_KEY }])
    })

    test("are derived from the ID in lower case, because DPS compares IDs without case", async () => {
        expect(await keysFrom(DOC_ID.toUpperCase())).toEqual([{ registrationId: DOC_ID, key: DOC_KEY }])
    })

    test("are the same for a text file and for a CSV file, without blank lines and byte order mark", async () => {
        const list = await keysFrom(`\ufeffa\n\nb\r\nc`)
        expect(list.map(({ registrationId }) => registrationId)).toEqual(["a", "b", "c"])
        expect(await keysFrom(`room,registrationId\n"hall, 3",a\n,b\n9,c\n`)).toEqual(list)
        expect(await keysFrom(`id\na\nb\nc\n`, "id", true)).toEqual(list)
    })

    test.each([
        ["a,b\nc,d\n", undefined, /line 1: column registrationId is missing/],
        ["a\n", "id", /line 1: column id is missing/],
        ["\n\n", undefined, /has no registration ID/],
        ['a\n"b\n', undefined, /invalid CSV/],
    ])("%j with column %s is rejected", async (text, column, message) => {
        await expect(keysFrom(text, column ?? "registrationId", column !== undefined)).rejects.toThrow(
            message
        )
    })

    test("are not yielded from the first issue on, and the error lists every issue with its line", async () => {
        const got: string[] = []
        const text = `a\nb\nA\nné\nends.\n${"x".repeat(129)}\nd\n`
        const source = {
            input: Readable.from([text]),
            name: "ids.txt",
            column: "registrationId",
            isColumnRequired: false,
        }
        const all = async () => {
            for await (const { registrationId } of deriveKeys(source, DOC_GROUP_KEY)) got.push(registrationId)
        }
        await expect(all()).rejects.toThrow(
            [
                "ids.txt cannot be used:",
                "  line 3: duplicate registration ID a (first on line 1)",
                '  line 4: the registration ID "né" contains "é" (allowed: a-z 0-9 - . _ :)',
                '  line 5: the registration ID "ends." must end with a letter, a digit or a dash',
                `  line 6: the registration ID "${"x".repeat(40)}..." is 129 characters long (maximum 128)`,
            ].join("\n")
        )
        expect(got).toEqual(["a", "b"])
    })
})

describe("a registration ID", () => {
    test.each(["a", "-", "A-1._:z", "x".repeat(128)])("accepts %s and converts it to lower case", text => {
        expect(checkId(text)).toEqual({ id: text.toLowerCase() })
    })

    test.each([
        ["", /is empty/],
        ["a b", /contains " "/],
        ["a\u212a", /contains "\u212a"/],
        ["a:", /must end with/],
    ])("rejects %j", (text, why) => {
        expect(checkId(text).issue).toMatch(why)
    })
})

describe("a symmetric key", () => {
    test.each([16, 64])("is accepted with %i bytes", bytes => {
        expect(validateKey(Buffer.alloc(bytes, 7).toString("base64"))).toBeUndefined()
    })

    test.each([
        [Buffer.alloc(15, 7).toString("base64"), /is 15 bytes long \(allowed: 16 to 64\)/],
        [Buffer.alloc(65, 7).toString("base64"), /is 65 bytes long/],
        ["not Base64!", /is not Base64/],
        [Buffer.alloc(16, 7).toString("base64").replace(/=+$/, ""), /is not Base64/],
    ])("is rejected if it is %s, and the message does not contain it", (key, why) => {
        expect(validateKey(key)).toMatch(why)
        expect(validateKey(key)).not.toContain(key)
    })
})
