// What a person is told of a board on the desk, held against the firmware's own log and light.
import { formatRecord } from "../../../../devs/store/assignment-record.js"
import { GLOBAL_DEVICE_ENDPOINT, deriveDeviceKey } from "@moorage/protocol"
import { ManualClock, ScopedClock } from "@moorage/runtime"
import { type BoardLogEntry, memoryFlash, subscribeBoardLog, writeNetwork, writeSettings } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { type Activity, nextActivity, OFF } from "../../../../tools/fleet/devboard/board-activity.js"
import { BlinkClassifier } from "../../../../tools/fleet/devboard/blink-pattern.js"
import { readFlashContents } from "../../../../tools/fleet/devboard/flash-contents.js"
import { GROUP_KEY, ID_SCOPE, createWorld, type FirmwareWorld } from "../../../helpers/firmware-world.js"

/** What the board is doing, in the order it is told. */
function watchDoing(world: FirmwareWorld): string[] {
    let doing: Activity = OFF
    const told: string[] = []
    subscribeBoardLog(world.board, happening => {
        doing = nextActivity(doing, happening, world.board.isOn)
        if (doing.text !== told.at(-1)) told.push(doing.text)
    })
    return told
}

function watchLight(world: FirmwareWorld): () => string {
    const light = new BlinkClassifier()
    world.board.on("light", ({ red }) => light.set(red > 0, world.clock.nowMs()))
    world.board.on("powerOff", () => light.clear())
    return () => light.text(world.clock.nowMs())
}

describe("what a board is doing", () => {
    test("is told by its log, from power on to power off", async () => {
        const world = await createWorld({ image: "main", settings: { SLOT: 1, SLOT_SEC: 60 } })
        const told = watchDoing(world)
        world.board.powerOn()
        world.untilLogged("stable", 300)
        world.cloud.hub(world.logged(/^moored/)[0].text.slice(7)).disconnect("board-1")
        world.untilLogged(/^moored/, 300)
        world.board.powerOff()
        expect(told.map(text => text.replace(/hub-\d\S+/, "HUB"))).toEqual([
            "booting",
            "asking for its hub",
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

    test("is stopped when a setting is wrong, and dead when it panics", async () => {
        const world = await createWorld({ image: "main", settings: { ID_SCOPE: "" } })
        const told = watchDoing(world)
        world.board.powerOn()
        world.untilLogged("setting ID_SCOPE")
        expect(told.at(-1)).toBe("stopped: setting ID_SCOPE is missing or malformed")
        const panic: BoardLogEntry = { kind: "panic", text: "PANIC 60004: out of memory; ..." }
        const moored: Activity = { text: "moored at a.b", hub: "a.b" }
        expect(nextActivity(moored, panic, true)).toEqual({ text: "dead of a panic" })
        const chatter: BoardLogEntry = { kind: "log", text: "record kept" }
        expect(nextActivity(moored, chatter, true)).toBe(moored)
    })
})

test("the light is told by its pattern, with what that means", async () => {
    const world = await createWorld({
        image: "main",
        settings: { SLOT: 1, SLOT_SEC: 120 },
        assigningMs: 20_000,
    })
    const light = watchLight(world)
    expect(light()).toBe("dark")
    world.board.powerOn()
    world.untilLogged("slot in")
    world.advanceSec(60)
    expect(light()).toBe("a flash each 10 s (waiting)")
    world.untilLogged("registering", 300)
    world.advanceSec(10)
    expect(light()).toBe("fast blinks (working)")
    world.untilLogged(/^moored/)
    world.advanceSec(3)
    expect(light()).toBe("steady (moored)")
    world.board.powerOff()
    expect(light()).toBe("dark")

    const wrong = await createWorld({ image: "main", settings: { ID_SCOPE: "" } })
    const its = watchLight(wrong)
    wrong.board.powerOn()
    wrong.advanceSec(60)
    expect(its()).toBe("slow blinks (failing)")
})

describe("what is in flash", () => {
    const KEY = deriveDeviceKey(GROUP_KEY, "board-1")

    function flashWith(more: Record<string, unknown>) {
        const flash = memoryFlash()
        writeSettings(flash, { ID_SCOPE, REG_ID: "Board-1", DEVICE_KEY: KEY, ...more })
        return flash
    }

    test("is told without keys, passwords, and settings that nobody here knows", () => {
        const flash = flashWith({ STABLE_SEC: 7, TOKEN_OF_MINE: "abc" })
        writeNetwork(flash, { ssid: "plant 7", psk: "a password of it" })
        const stored = readFlashContents(flash)
        expect(stored).toEqual({
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

    test("has the record as the firmware reads it, over two settings too; another's is none", () => {
        const owner = `${GLOBAL_DEVICE_ENDPOINT}|${ID_SCOPE}|${KEY}|`
        const record = {
            hub: `${"h".repeat(110)}.azure-devices.net`,
            deviceId: "d".repeat(128),
            expirySec: 9,
        }
        const text = formatRecord(record, "board-1", owner)
        const parts = { hub: text.slice(0, 225), hub2: text.slice(225) }
        expect(readFlashContents(flashWith(parts)).record).toEqual(record)
        const spoilt = "damaged, or of another owner"
        expect(readFlashContents(flashWith({ ...parts, ID_SCOPE: "0ne00OTHER" })).record).toBe(spoilt)
        expect(readFlashContents(flashWith({ hub: parts.hub })).record).toBe(spoilt)
    })
})

describe("a clock with an end", () => {
    test("drops what is pending, and takes no more", () => {
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

    test("has what a call throws told to one place, and the others run", () => {
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
