import { describe, expect, test } from "vitest"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

const DAY_SEC = 86_400

function stable(world: FirmwareWorld): string {
    world.board.powerOn()
    world.untilLogged(/^moored/, 600)
    world.advanceSec(15)
    return world.logged(/^moored/)[0].text.slice(7)
}

describe("bytes that come one by one", () => {
    test.each(["main", "maintight"] as const)("do not keep %s from mooring, cold and warm", async image => {
        const heapBytes = (image === "main" ? 64 : 40) * 1024
        const world = await createWorld({ image, byteByByte: true, heapBytes })
        stable(world)
        world.board.powerOff()
        stable(world)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
        expect(world.logged("next in")).toEqual([])
        expect(world.board.stats.panics).toBe(0)
    })
})

describe("a token", () => {
    test("is renewed at 70 to 85 % of its life, by reconnecting, before it expires", async () => {
        const world = await createWorld({ image: "main", settings: { TOKEN_DAYS: 1, TELEMETRY_SEC: 3600 } })
        const host = stable(world)
        world.advanceSec(3 * DAY_SEC)
        const ends = world.cloud.history
            .filter(event => event.kind === "disconnect" && event.service === host)
            .map(event => event.detail)
        expect(ends.length).toBeGreaterThanOrEqual(3)
        expect(new Set(ends)).toEqual(new Set(["disconnected by the client"]))
        const mooredSec = world.logged(/^moored/).map(line => line.atMs / 1000)
        for (const [i, sec] of mooredSec.slice(1).entries()) {
            const lifeSec = sec - mooredSec[i]
            expect(lifeSec).toBeGreaterThan(0.69 * DAY_SEC)
            expect(lifeSec).toBeLessThan(0.86 * DAY_SEC)
        }
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: 1 })
        // The record is worth no write: its expiry gained less than 60 days.
        expect(world.logged("record kept")).toHaveLength(mooredSec.length)
    })

    test("that expires in the session costs a fresh clock, not a registration", async () => {
        const world = await createWorld({ image: "main", settings: { TOKEN_DAYS: 1, TELEMETRY_SEC: 3600 } })
        const host = stable(world)
        world.board.powerOff()
        world.advanceSec(0.8 * DAY_SEC)
        // A warm boot does not know the time: it cannot know how little of the token is left.
        stable(world)
        world.advanceSec(0.3 * DAY_SEC)
        const ends = world.cloud.history.filter(
            event => event.kind === "disconnect" && event.service === host
        )
        expect(ends.map(event => event.detail)).toContain("token expired")
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: 1 })
    })

    test("that expired on the shelf costs a fresh clock, not a registration", async () => {
        const world = await createWorld({ image: "main" })
        stable(world)
        world.board.powerOff()
        world.advanceSec(100 * DAY_SEC)
        stable(world)
        expect(world.logged("CONNACK 5")).toHaveLength(1)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
        // The new expiry is worth a write: 100 days on.
        world.board.powerOff()
        const connects = world.dials.length
        stable(world)
        expect(world.dials.length - connects).toBe(1)
    })
})

describe("a hub that accepts and closes at once", () => {
    test("is given 5 s, then a minute and more each time", async () => {
        const world = await createWorld({ image: "main" })
        const host = stable(world)
        let hostile = true
        world.cloud.onEvent(event => {
            if (hostile && event.kind === "connack" && event.service === host && event.status === 0)
                world.clock.after(0, () => world.cloud.hub(host).disconnect("board-1"))
        })
        const from = world.dials.length
        world.cloud.hub(host).disconnect("board-1")
        world.advanceSec(15 * 60)
        const times = world.dials.slice(from).map(dial => dial.atMs)
        expect(times.length).toBeGreaterThan(2)
        for (let i = 2; i < times.length; i++) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(60_000)
        for (let i = 1; i < times.length; i++) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(5000)
        hostile = false
        world.untilLogged(/^moored/, 600)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
    })
})

describe("direct methods", () => {
    test("that come together are all answered, and telemetry goes on", async () => {
        const world = await createWorld({ image: "main" })
        const host = stable(world)
        const calls = Array.from({ length: 4 }, (_, i) =>
            world.cloud.hub(host).invokeMethod("board-1", `m${i}`, { i }, { timeoutMs: 10_000 })
        )
        world.advanceSec(3)
        expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([404, 404, 404, 404])
        const before = world.cloud.history.filter(event => event.kind === "telemetry").length
        world.advanceSec(60)
        expect(world.cloud.history.filter(event => event.kind === "telemetry").length).toBeGreaterThan(before)
    })

    test("twice Reprovision at once is one registration", async () => {
        const world = await createWorld({ image: "main" })
        const host = stable(world)
        const calls = [1, 2].map(() =>
            world.cloud
                .hub(host)
                .invokeMethod("board-1", "Reprovision", null, { timeoutMs: 10_000 })
                .then(({ status }) => status)
                .catch((error: { status: number }) => error.status)
        )
        world.untilLogged(/^moored/)
        world.advanceSec(20)
        expect((await Promise.all(calls))[0]).toBe(202)
        expect(world.cloud.counters("board-1").registrations).toBe(2)
    })
})
