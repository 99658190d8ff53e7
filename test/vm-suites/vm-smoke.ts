// The smallest test suite inside the VM. It checks the clock, random numbers, cryptography and settings of the VM.
import { hmac, randomBuffer } from "@devicescript/crypto"
import * as ds from "@devicescript/core"
import { readSetting, writeSetting } from "@devicescript/settings"
import { describe, expect, test } from "@devicescript/test"

describe("the VM", () => {
    test("advances time while a fiber sleeps", async () => {
        const before = ds.millis()
        await ds.sleep(250)
        const passedMs = ds.millis() - before
        expect(passedMs >= 250 && passedMs <= 270).toBe(true)
    })
    test("returns different random bytes in each call", () => {
        expect(randomBuffer(16).toString("hex") === randomBuffer(16).toString("hex")).toBe(false)
    })
    test("calculates HMAC-SHA256 as in test case 2 of RFC 4231", () => {
        const mac = hmac(Buffer.from("Jefe"), "sha256", Buffer.from("what do ya want for nothing?"))
        expect(mac.toString("hex")).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    })
    test("returns a setting as it was written, or the default", async () => {
        await writeSetting("smoke", { text: "x", n: 3 })
        const value = await readSetting("smoke")
        expect(value.text).toBe("x")
        expect(value.n).toBe(3)
        expect(await readSetting("absent", 7)).toBe(7)
    })
})
