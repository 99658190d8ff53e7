// SAS tokens and Base64 inside the VM.
import { describe, expect, test } from "@devicescript/test"
import { fromBase64, toBase64 } from "../../devs/encoding/base64"
import { sasToken } from "../../devs/auth/sas-token"

describe("a SAS token", () => {
    test("matches the documented test vector of Microsoft", () => {
        const key = fromBase64(
            "18RQk/hOPJR9EbsJlk2j8WA6vWaj/yi+oaYg7zmxfQNdOyMSu+SJ8O7TSlZhDJCYmn4rzEiVKIzNiVAWjLxrGA=="
        )
        const token = sasToken(key, "MyExampleHub.azure-devices.net/devices/my-symkey-device", 1663119026, "")
        expect(token).toBe(
            "SharedAccessSignature sr=MyExampleHub.azure-devices.net%2Fdevices%2Fmy-symkey-device" +
                "&sig=f%2BwW8XOKeJOtiPc9Iwjc4OpExvPM7NlhM9qxN2a1aAM%3D&se=1663119026"
        )
    })
})

describe("Base64", () => {
    test("is decoded as it was encoded", () => {
        for (const text of ["", "a", "ab", "abc", "abcd", "\u0000\u0001~"]) {
            expect(fromBase64(toBase64(Buffer.from(text))).toString()).toBe(text)
        }
    })
    test("is decoded to undefined when it is malformed", () => {
        for (const text of ["a", "ab=", "a===", "ab c", "=abc", "é==="]) {
            expect(fromBase64(text)).toBe(undefined)
        }
    })
})
