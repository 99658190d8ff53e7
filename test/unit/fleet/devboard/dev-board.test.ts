// Compares the status of the development board with the log and the LED of the firmware.
import { formatRecord } from "../../../../devs/store/record-format.js"
import { GLOBAL_DEVICE_ENDPOINT, deriveDeviceKey } from "@moorage/protocol"
import { ManualClock, ScopedClock } from "@moorage/runtime"
import { type BoardLogEntry, memoryFlash, subscribeBoardLog, writeNetwork, writeSettings } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { type Activity, nextActivity, OFF_ACTIVITY } from "../../../../tools/fleet/devboard/board-activity.js"
import { BlinkClassifier } from "../../../../tools/fleet/devboard/blink-pattern.js"
import { readFlashContents } from "../../../../tools/fleet/devboard/flash-contents.js"
import { GROUP_KEY, ID_SCOPE, createWorld, type FirmwareWorld } from "../../../helpers/firmware-world.js"

/** Returns a list that grows with each new activity of the board. */
function recordActivities(world: FirmwareWorld): string[] {
    let activity: Activity = OFF_ACTIVITY
    const texts: string[] = []
    subscribeBoardLog(world.board, entry => {
        activity = nextActivity(activity, entry, world.board.isOn)
        if (activity.text !== texts.at(-1)) texts.push(activity.text)
    })
    return texts
}

/** Returns a function that describes the current blink pattern of the LED. */
function classifyBlinks(world: FirmwareWorld): () => string {
    const light = new BlinkClassifier()
    world.board.on("light", ({ red }) => light.set(red > 0, world.clock.nowMs()))
    world.board.on("powerOff", () => light.clear())
    return () => light.describe(world.clock.nowMs())
}

describe("the activity of a board", () => {
    test("follows its log from power-on to power-off", async () => {
        const world = await createWorld({ image: "main", settings: { SLOT: 1, SLOT_SEC: 60 } })
        const texts = recordActivities(world)
        world.board.powerOn()
        world.untilLogged("stable", 300)
        world.cloud.hub(world.logged(/^moored/)[0].text.slice(7)).disconnect("board-1")
        world.untilLogged(/^moored/, 300)
        world.board.powerOff()
        expect(texts.map(text => text.replace(/hub-\d\S+/, "HUB"))).toEqual([
            "booting",
            "reading its assignment",
            expect.stringMatching(/^waiting \d+ s for its slot$/),
            "registering",
            "connecting to HUB",
            "moored at HUB",
            expect.stringMatching(/^waiting \d+ s: closed by peer$/),
            "connecting to HUB",
            "moored at HUB",
            "off",
        ])
    })

    test('is "stopped" after a wrong setting and "crashed" after a panic', async () => {
        const world = await createWorld({ image: "main", settings: { ID_SCOPE: "" } })
        const texts = recordActivities(world)
        world.board.powerOn()
        world.untilLogged("setting ID_SCOPE")
        expect(texts.at(-1)).toBe("stopped: setting ID_SCOPE is missing or malformed")
        const panic: BoardLogEntry = { kind: "panic", text: "PANIC 60004: out of memory; ..." }
        const moored: Activity = { text: "moored at a.b", hub: "a.b" }
        expect(nextActivity(moored, panic, true)).toEqual({ text: "crashed (panic)" })
        const otherLine: BoardLogEntry = { kind: "log", text: "record stored" }
        expect(nextActivity(moored, otherLine, true)).toBe(moored)
    })
})

test("the blink pattern of the LED is reported with its meaning", async () => {
    const world = await createWorld({
        image: "main",
        settings: { SLOT: 1, SLOT_SEC: 120 },
        assigningMs: 20_000,
    })
    const light = classifyBlinks(world)
    expect(light()).toBe("dark")
    world.board.powerOn()
    world.untilLogged("slot in")
    world.advanceSec(60)
    expect(light()).toBe("one flash every 10 s (waiting)")
    world.untilLogged("registering", 300)
    world.advanceSec(10)
    expect(light()).toBe("fast blinks (working)")
    world.untilLogged(/^moored/)
    world.advanceSec(3)
    expect(light()).toBe("steady (moored)")
    world.board.powerOff()
    expect(light()).toBe("dark")

    const wrong = await createWorld({ image: "main", settings: { ID_SCOPE: "" } })
    const describeWrong = classifyBlinks(wrong)
    wrong.board.powerOn()
    wrong.advanceSec(60)
    expect(describeWrong()).toBe("slow blinks (failing)")
})

describe("the flash contents", () => {
    const KEY = deriveDeviceKey(GROUP_KEY, "board-1")

    function flashWith(more: Record<string, unknown>) {
        const flash = memoryFlash()
        writeSettings(flash, { ID_SCOPE, REG_ID: "Board-1", DEVICE_KEY: KEY, ...more })
        return flash
    }

    test("hide keys, passwords and unknown settings", () => {
        const flash = flashWith({ STABLE_SEC: 7, TOKEN_OF_MINE: "abc" })
        writeNetwork(flash, { ssid: "plant 7", psk: "a password of it" })
        const contents = readFlashContents(flash)
        expect(contents).toEqual({
            programBytes: null,
            ssid: "plant 7",
            settings: {
                ID_SCOPE,
                REG_ID: "Board-1",
                DEVICE_KEY: "(hidden)",
                STABLE_SEC: 7,
                TOKEN_OF_MINE: "(hidden)",
            },
            record: "none",
        })
    })

    test("contain the record, also if two settings store it, but not the record of another owner", () => {
        const owner = `${GLOBAL_DEVICE_ENDPOINT}|${ID_SCOPE}|${KEY}|`
        const record = {
            hub: `${"h".repeat(110)}.azure-devices.net`,
            deviceId: "d".repeat(128),
            expirySec: 9,
        }
        const text = formatRecord(record, "board-1", owner)
        const parts = { hub: text.slice(0, 225), hub2: text.slice(225) }
        expect(readFlashContents(flashWith(parts)).record).toEqual(record)
        const unusable = "damaged, or of another owner"
        expect(readFlashContents(flashWith({ ...parts, ID_SCOPE: "0ne00OTHER" })).record).toBe(unusable)
        expect(readFlashContents(flashWith({ hub: parts.hub })).record).toBe(unusable)
    })
})

describe("a scoped clock", () => {
    test("drops pending calls at its end and accepts no new ones", () => {
        const outer = new ManualClock()
        const ran: string[] = []
        const clock = new ScopedClock(outer, error => ran.push(error.message))
        clock.after(10, () => ran.push("first"))
        clock.after(20, () => ran.push("cancelled")).cancel()
        clock.after(2000, () => ran.push("pending"))
        outer.advance(1000)
        clock.end()
        clock.after(10, () => ran.push("late"))
        outer.advance(5000)
        expect(ran).toEqual(["first"])
    })

    test("passes the error of a call to one handler and still runs the other calls", () => {
        const outer = new ManualClock()
        const ran: string[] = []
        const clock = new ScopedClock(outer, error => ran.push(`failed: ${error.message}`))
        clock.after(10, () => {
            throw new Error("no room")
        })
        clock.after(20, () => ran.push("next"))
        outer.advance(100)
        expect(ran).toEqual(["failed: no room", "next"])
    })
})
