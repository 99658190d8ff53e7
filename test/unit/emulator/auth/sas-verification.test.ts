// Keys and SAS tokens, with the examples of Microsoft's documentation (protocol-facts.md, 1.3).
import { describe, expect, test } from "vitest"
import { hmacBase64 } from "../../../../tools/protocol/device-keys.js"
import { deriveDeviceKey } from "@moorage/protocol"
import { parseSasToken, verifySasToken } from "../../../../tools/emulator/auth/sas-verification.js"
import { makeSasToken } from "@moorage/protocol"

const KEY = "18RQk/hOPJR9EbsJlk2j8WA6vWaj/yi+oaYg7zmxfQNdOyMSu+SJ8O7TSlZhDJCYmn4rzEiVKIzNiVAWjLxrGA=="

describe("keys", () => {
    test("a device key is derived as in Microsoft's documentation", () => {
        const group =
            "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
        expect(deriveDeviceKey(group, "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6")).toBe(
            "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
        )
    })
})

describe("a SAS token", () => {
    const resource = "MyExampleHub.azure-devices.net/devices/my-symkey-device"

    test("for a hub equals the example in Microsoft's documentation", () => {
        expect(makeSasToken(KEY, resource, 1663119026)).toContain(
            "sig=f%2BwW8XOKeJOtiPc9Iwjc4OpExvPM7NlhM9qxN2a1aAM%3D"
        )
    })

    test.each(["0ne/registrations/d", "0ne%2fregistrations%2fd", "0ne%2Fregistrations%2Fd"])(
        "with sr as %s is checked over those very bytes",
        sr => {
            const sig = encodeURIComponent(hmacBase64(KEY, `${sr}\n2000000000`))
            const token = parseSasToken(`SharedAccessSignature sr=${sr}&sig=${sig}&se=2000000000`)
            expect(
                verifySasToken(token, { resource: "0ne/registrations/d", keys: [KEY], nowSec: 1_900_000_000 })
            ).toBe(true)
        }
    )

    test("may have its fields in any order, and further fields", () => {
        const fields = makeSasToken(KEY, resource, 2e9, "device")
            .slice("SharedAccessSignature ".length)
            .split("&")
        const token = parseSasToken(`SharedAccessSignature ${fields.reverse().join("&")}&x=1`)
        expect(verifySasToken(token, { resource, keys: [KEY], nowSec: 1.9e9 })).toBe(true)
    })

    test("is refused if the encoding of sr differs from the signed encoding", () => {
        const text = makeSasToken(KEY, resource, 2e9)
        expect(verifySasToken(parseSasToken(text), { resource, keys: [KEY], nowSec: 1.9e9 })).toBe(true)
        expect(
            verifySasToken(parseSasToken(text.replaceAll("%2F", "%2f")), {
                resource,
                keys: [KEY],
                nowSec: 1.9e9,
            })
        ).toBe(false)
    })

    test("may have a signature with or without percent-encoding", () => {
        const text = makeSasToken(KEY, resource, 1663119026)
        const raw = text.replace(/sig=[^&]+/, field => decodeURIComponent(field))
        expect(raw).toContain("sig=f+wW8XOK")
        expect(verifySasToken(parseSasToken(raw), { resource, keys: [KEY], nowSec: 1.6e9 })).toBe(true)
    })

    test("grants access to its resource in any case, with any of the keys", () => {
        const token = parseSasToken(makeSasToken(KEY, resource.toUpperCase(), 2e9))
        const other = Buffer.alloc(32).toString("base64")
        expect(
            verifySasToken(token, { resource: resource.toLowerCase(), keys: [other, KEY], nowSec: 1.9e9 })
        ).toBe(true)
    })

    test("is valid until its expiry", () => {
        const token = parseSasToken(makeSasToken(KEY, resource, 2e9))
        expect(verifySasToken(token, { resource, keys: [KEY], nowSec: 2e9 - 0.001 })).toBe(true)
    })

    test("grants access to paths below its resource, by whole segments", () => {
        const token = parseSasToken(makeSasToken(KEY, "MyExampleHub.azure-devices.net", 2e9))
        expect(verifySasToken(token, { resource, keys: [KEY], nowSec: 1.9e9 })).toBe(true)
        const half = parseSasToken(makeSasToken(KEY, "MyExampleHub.azure-devices.ne", 2e9))
        expect(verifySasToken(half, { resource, keys: [KEY], nowSec: 1.9e9 })).toBe(false)
    })

    test("grants no access if it is expired, or has another key or resource", () => {
        const good = parseSasToken(makeSasToken(KEY, resource, 2e9))
        expect(verifySasToken(good, { resource, keys: [KEY], nowSec: 2e9 })).toBe(false)
        expect(
            verifySasToken(good, { resource, keys: [Buffer.alloc(32).toString("base64")], nowSec: 1.9e9 })
        ).toBe(false)
        expect(verifySasToken(good, { resource: `${resource}2`, keys: [KEY], nowSec: 1.9e9 })).toBe(false)
    })

    test.each([
        "",
        "Bearer x",
        "SharedAccessSignature",
        "SharedAccessSignature sr=a&se=1",
        "SharedAccessSignature sr=%&sig=a&se=1",
        "SharedAccessSignature sig=a&se=1",
        "SharedAccessSignature sr=a&sig=a&se=soon",
        "SharedAccessSignature sr=a&sig=a&se=-1",
        "SharedAccessSignature sr=a&sig=a&se=01",
    ])("%j is none, and no crash", text => {
        expect(parseSasToken(text)).toBeUndefined()
    })
})
