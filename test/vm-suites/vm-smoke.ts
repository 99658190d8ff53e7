// The smallest device test: shows the form of one, and proves that the board
// under it has a clock, randomness, crypto and settings that work.
import { hmac, randomBuffer } from "@devicescript/crypto"
import * as ds from "@devicescript/core"
import { readSetting, writeSetting } from "@devicescript/settings"
import { describe, expect, test } from "@devicescript/test"

describe("vm", () => {
    test("time passes while a fiber sleeps", async () => {
        const before = ds.millis()
        await ds.sleep(250)
        const passedMs = ds.millis() - before
        expect(passedMs >= 250 && passedMs <= 270).toBe(true)
    })
    test("random bytes differ from call to call", () => {
        expect(randomBuffer(16).toString("hex") === randomBuffer(16).toString("hex")).toBe(false)
    })
    test("HMAC-SHA256 gives RFC 4231's test case 2", () => {
        const mac = hmac(Buffer.from("Jefe"), "sha256", Buffer.from("what do ya want for nothing?"))
        expect(mac.toString("hex")).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    })
    test("a setting comes back as it was written", async () => {
        await writeSetting("smoke", { text: "x", n: 3 })
        const value = await readSetting("smoke")
        expect(value.text).toBe("x")
        expect(value.n).toBe(3)
        expect(await readSetting("absent", 7)).toBe(7)
    })
})
