import { describe, expect, test } from "vitest"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

function stable(world: FirmwareWorld): string {
    world.board.powerOn()
    world.untilLogged(/^moored/)
    world.advanceSec(15)
    return world.logged(/^moored/)[0].text.slice(7)
}

/** Milliseconds between the connections to `host` from number `from` on. */
function gaps(world: FirmwareWorld, host: string, from = 0): number[] {
    const times = world.dials.filter(dial => dial.host === host && dial.port === 8883).map(dial => dial.atMs)
    return times.slice(from + 1).map((atMs, i) => atMs - times[from + i])
}

describe("the hub", () => {
    test("that refuses is asked again with a fresh clock and token, then the board registers", async () => {
        const world = await createWorld({ image: "main" })
        const host = stable(world)
        world.cloud.hub(host).removeDevice("board-1")
        const since = world.dials.length
        world.untilLogged("registering", 600)
        world.advanceSec(1)
        const calls = world.dials
            .slice(since)
            .map(dial => `${dial.host === host ? "hub" : "dps"}:${dial.port}`)
        // Refused, clock, refused again, registration.
        expect(calls.slice(0, 4)).toEqual(["hub:8883", "dps:443", "hub:8883", "dps:8883"])
        world.untilLogged(/^moored/)
    })

    test("that is down is tried no more than once a minute, and not given up for 30 minutes", async () => {
        let down = ""
        const world = await createWorld({
            image: "main",
            answer: host => (host === down ? "connect" : "accept"),
        })
        down = stable(world)
        const before = world.dials.length
        world.cloud.hub(down).disconnect("board-1")
        const registrations = world.cloud.counters("board-1").registrations
        world.advanceSec(29 * 60)
        expect(world.cloud.counters("board-1").registrations).toBe(registrations)
        expect(world.dials.length - before).toBe(0)
        world.untilLogged("registering", 20 * 60)
        expect(world.logged("can't connect").length).toBeGreaterThan(5)
    })

    test("that comes back within the window has its board again, without DPS", async () => {
        let down = ""
        const world = await createWorld({
            image: "main",
            answer: host => (host === down ? "connect" : "accept"),
        })
        const host = stable(world)
        down = host
        world.cloud.hub(host).disconnect("board-1")
        world.advanceSec(10 * 60)
        down = ""
        world.untilLogged(/^moored/, 600)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
    })

    test("is never tried twice within a minute after a refusal", async () => {
        const world = await createWorld({ image: "main" })
        const host = stable(world)
        const tried = world.dials.filter(dial => dial.host === host).length
        world.cloud.hub(host).removeDevice("board-1")
        world.untilLogged("registering", 600)
        for (const gap of gaps(world, host, tried)) expect(gap).toBeGreaterThanOrEqual(60_000)
    })
})

describe("DPS", () => {
    test("with a wrong key: the clock once, then no sooner than every 10 minutes, said as what it is", async () => {
        const world = await createWorld({
            image: "main",
            settings: { DEVICE_KEY: Buffer.alloc(32, 9).toString("base64") },
        })
        world.board.powerOn()
        world.advanceSec(60 * 60)
        // A new board asks by lookup first, and a wrong key ends there.
        const calls = world.cloud.history
            .filter(event => event.kind === "register" || event.kind === "lookup")
            .map(event => event.atMs)
        expect(calls.length).toBeGreaterThan(3)
        expect(calls.length).toBeLessThanOrEqual(8)
        for (let i = 2; i < calls.length; i++) expect(calls[i] - calls[i - 1]).toBeGreaterThanOrEqual(600_000)
        expect(world.logged("401").length).toBe(calls.length)
    })

    test("with a wrong ID scope: keeps trying with backoff, and after five doubts the scope aloud", async () => {
        const world = await createWorld({ image: "main" })
        // What DPS says to a wrong scope over MQTT (facts 1.7).
        world.cloud.faults = point =>
            point.kind === "connect" && point.service === "dps" ? { connack: 3 } : undefined
        world.board.powerOn()
        world.advanceSec(60 * 60)
        expect(world.logged("CONNACK 3").length).toBeGreaterThan(5)
        expect(world.logged("ID_SCOPE right?").length).toBe(world.logged("CONNACK 3").length - 4)
        for (const gap of gaps(world, "global.azure-devices-provisioning.net"))
            expect(gap).toBeGreaterThanOrEqual(1000)
    })

    test("that throttles is asked again after its retry-after, not before", async () => {
        const world = await createWorld({ image: "main" })
        let refusals = 3
        world.cloud.faults = point =>
            point.kind === "register" && refusals-- > 0 ? { status: 429, retryAfterSec: 20 } : undefined
        world.board.powerOn()
        world.untilLogged(/^moored/, 600)
        const registers = world.cloud.history
            .filter(event => event.kind === "register")
            .map(event => event.atMs)
        expect(registers).toHaveLength(4)
        for (let i = 1; i < registers.length; i++)
            expect(registers[i] - registers[i - 1]).toBeGreaterThanOrEqual(20_000)
    })

    test("that fails with 5xx is given 5 s at least", async () => {
        const world = await createWorld({ image: "main" })
        let refusals = 4
        world.cloud.faults = point =>
            point.kind === "register" && refusals-- > 0 ? { status: 503 } : undefined
        world.board.powerOn()
        world.untilLogged(/^moored/, 900)
        const registers = world.cloud.history
            .filter(event => event.kind === "register")
            .map(event => event.atMs)
        expect(registers).toHaveLength(5)
        for (let i = 1; i < registers.length; i++)
            expect(registers[i] - registers[i - 1]).toBeGreaterThanOrEqual(5000)
    })

    test("whose link drops between two polls is asked after the same operation, not registered with again", async () => {
        const world = await createWorld({ image: "main", assigningMs: 20_000 })
        let drop = true
        world.cloud.faults = point => {
            if (point.kind !== "poll" || !drop) return undefined
            drop = false
            return { close: true }
        }
        world.board.powerOn()
        world.untilLogged(/^moored/, 300)
        expect(drop).toBe(false)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
    })

    test("that cannot be reached by the tight image delays it, and no lookup becomes a registration", async () => {
        let down = false
        const world = await createWorld({ image: "maintight", answer: () => (down ? "resolve" : "accept") })
        stable(world)
        world.board.powerOff()
        down = true
        world.board.powerOn()
        world.advanceSec(300)
        down = false
        world.untilLogged(/^moored/, 600)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
    })

    test("that forgot a tight board has it registered again", async () => {
        const world = await createWorld({ image: "maintight" })
        stable(world)
        world.board.powerOff()
        world.cloud.dps.deleteRegistration("board-1")
        stable(world)
        expect(world.cloud.counters("board-1").registrations).toBe(2)
    })
})

describe("the hub that refuses for good", () => {
    test("does not make the board hammer DPS: at most ten registrations in the first two hours", async () => {
        const world = await createWorld({ image: "main" })
        const host = stable(world)
        world.cloud.faults = point =>
            point.kind === "connect" && point.service !== "dps" ? { connack: 5 } : undefined
        world.cloud.hub(host).disconnect("board-1")
        world.advanceSec(2 * 3600)
        const { registrations } = world.cloud.counters("board-1")
        expect(registrations).toBeGreaterThan(2)
        expect(registrations).toBeLessThanOrEqual(10)
        world.cloud.faults = undefined
        world.untilLogged(/^moored/, 3600)
    })
})

describe("a long retry-after", () => {
    test("of half an hour is waited for in the poll, and the watchdog does not bark", async () => {
        const world = await createWorld({ image: "main", retryAfterSec: 1800, assigningMs: 1000 })
        world.board.powerOn()
        world.untilLogged(/^moored/, 2 * 3600)
        expect(world.board.stats.resets).toBe(0)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, polls: 1 })
    })
})

describe("the network", () => {
    test("that stays away makes the board reboot after a quarter of an hour", async () => {
        const world = await createWorld({ image: "main" })
        world.network.available = false
        world.board.powerOn()
        world.advanceSec(3600)
        expect(world.board.stats.resets).toBeGreaterThanOrEqual(3)
        expect(world.board.stats.resets).toBeLessThanOrEqual(4)
    })

    test("that is not there yet is waited for, without counting tries", async () => {
        const world = await createWorld({ image: "main" })
        world.network.available = false
        world.board.powerOn()
        world.advanceSec(120)
        expect(world.logged("next in").length).toBeLessThanOrEqual(1)
        world.network.available = true
        world.untilLogged(/^moored/, 30)
    })

    test("that never answers a connect makes the board reboot itself after a few silences", async () => {
        const world = await createWorld({ image: "main", answer: () => "mute" })
        world.board.powerOn()
        world.advanceSec(3600)
        expect(world.board.stats.resets).toBeGreaterThan(0)
        expect(world.board.stats.panics).toBe(0)
    })
})

describe("time", () => {
    test("a planned reboot comes between day 30 and day 45, and the board moors again without DPS", async () => {
        const world = await createWorld({ image: "main", settings: { TELEMETRY_SEC: 86_400 } })
        stable(world)
        const bootedMs = world.clock.nowMs()
        expect(world.clock.advanceUntil(() => world.board.stats.resets > 0, 46 * 86_400_000)).toBe(true)
        const days = (world.clock.nowMs() - bootedMs) / 86_400_000
        expect(days).toBeGreaterThan(29.9)
        expect(days).toBeLessThan(45)
        world.untilLogged(/^moored/)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
    })
})
