// The settings and the assignment record in the flash of the VM.
import { describe, expect, test } from "@devicescript/test"
import { readRecord, writeRecord } from "../../devs/store/record-storage"
import { readSetting, writeSetting } from "../../devs/store/settings-store"

const OWNER = "dps|scope|key|"

/** Returns a name of this length. */
function nameOfLength(length: number): string {
    let text = "h"
    while (text.length < length) text += "."
    return text
}

describe("the settings store", () => {
    test("returns the written value, or the default when a setting is missing", async () => {
        await writeSetting("t1", "one")
        await writeSetting("t2", "")
        expect(await readSetting("t1", "none")).toBe("one")
        expect(await readSetting("t2", "none")).toBe("")
        expect(await readSetting("t3", "none")).toBe("none")
        expect(await readSetting("t1", "none")).toBe("one")
    })
})

describe("the assignment record in flash", () => {
    test("is undefined on a blank board", async () => {
        expect(await readRecord("id", OWNER)).toBe(undefined)
    })

    test("is read as it was written, for names of up to 128 characters", async () => {
        for (const size of [1, 60, 90, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 128]) {
            const hub = nameOfLength(size)
            const kept = await writeRecord(
                { hub, deviceId: nameOfLength(128), expirySec: 1800000000 },
                "id",
                OWNER
            )
            expect(kept).toBe(true)
            const found = await readRecord("id", OWNER)
            expect(found.hub).toBe(hub)
            expect(found.deviceId).toBe(nameOfLength(128))
            expect(found.expirySec).toBe(1800000000)
        }
    })

    test("is undefined for another owner", async () => {
        expect(await readRecord("id", "dps|other|key|")).toBe(undefined)
    })

    test("is undefined when it is damaged", async () => {
        await writeRecord({ hub: "h.azure-devices.net", deviceId: "id", expirySec: 1 }, "id", OWNER)
        const text = await readSetting("hub", "")
        await writeSetting("hub", text.slice(0, 9) + "x" + text.slice(10))
        expect(await readRecord("id", OWNER)).toBe(undefined)
        await writeSetting("hub", text)
        expect((await readRecord("id", OWNER)).hub).toBe("h.azure-devices.net")
    })

    test("is not written when a name needs escapes in JSON", async () => {
        const kept = await writeRecord({ hub: 'a"b', deviceId: "id", expirySec: 1 }, "id", OWNER)
        expect(kept).toBe(false)
        expect((await readRecord("id", OWNER)).hub).toBe("h.azure-devices.net")
    })
})
