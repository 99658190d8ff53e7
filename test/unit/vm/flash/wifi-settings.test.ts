// The Wi-Fi network of a board, written to its flash by the host.
import {
    memoryFlash,
    validateNetwork,
    readNetwork,
    readSettings,
    writeNetwork,
    writeSettings,
} from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { storeEntries } from "../../../../tools/vm/flash/settings-partition.js"

const NETWORK = { ssid: "Hall 3 – Süd", psk: "a passphrase of its own" }

describe("the Wi-Fi network in flash", () => {
    test("is stored as plain text where the runtime's Wi-Fi service reads it, and is not a setting of the program", () => {
        const flash = memoryFlash()
        writeSettings(flash, { REG_ID: "board-1" })
        writeNetwork(flash, NETWORK)
        const entries = storeEntries(flash)
        expect(Buffer.from(entries.get("wifi_ssid") ?? []).toString()).toBe(NETWORK.ssid)
        expect(Buffer.from(entries.get("wifi_psk") ?? []).toString()).toBe(NETWORK.psk)
        expect([...entries.keys()]).toEqual([":REG_ID", "wifi_ssid", "wifi_psk"])
        expect(readSettings(flash)).toEqual({ REG_ID: "board-1" })
        expect(readNetwork(flash)).toEqual(NETWORK)
    })

    test("survives the garbage collection of the settings store", () => {
        const flash = memoryFlash()
        writeNetwork(flash, NETWORK)
        const text = "x".repeat(200)
        const before = Buffer.from(flash.load())
        for (let i = 0; i < 100; i++) writeSettings(flash, { MOVES: `${i} ${text}` })
        // The garbage collection moved everything to the other bank.
        expect(Buffer.compare(before.subarray(0, 4096), flash.load().subarray(0, 4096))).not.toBe(0)
        expect(readNetwork(flash)).toEqual(NETWORK)
        expect(readSettings(flash)).toEqual({ MOVES: `99 ${text}` })
    })

    test("is the last network that was written, without a password when the network is open", () => {
        const flash = memoryFlash()
        writeNetwork(flash, NETWORK)
        writeNetwork(flash, { ssid: "guests" })
        expect(readNetwork(flash)).toEqual({ ssid: "guests" })
    })

    test.each([
        [{ ssid: "" }, /1 to 31 bytes and .* has 0 bytes/],
        [{ ssid: "x".repeat(32) }, /1 to 31 bytes and .* has 32 bytes/],
        [{ ssid: "x", psk: "short" }, /8 to 63 bytes and .* has 5 bytes/],
        [{ ssid: "x", psk: "y".repeat(64) }, /8 to 63 bytes and .* has 64 bytes/],
    ])("is rejected when no board can join it: %j", (network, why) => {
        expect(validateNetwork(network)).toMatch(why)
        expect(() => writeNetwork(memoryFlash(), network)).toThrow(why)
    })

    test("is undefined in a blank flash", () => {
        expect(readNetwork(memoryFlash())).toBeUndefined()
    })
})
