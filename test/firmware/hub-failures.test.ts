// What the board does when its hub refuses it, is busy, or is unreachable.
import { describe, expect, test } from "vitest"
import { CAP_MS, HUB_GAP_MS, HUB_WINDOW_MS, SERVER_ERROR_MS, SLOW_MS } from "../../devs/retry/retry-policy"
import {
    bootUntilStable,
    CALL_MS,
    connectionsOf,
    connectionTimesMs,
    createOutageWorld,
    DPS_HOST,
    elapsedMs,
    expectEachWithin,
    gapsBetween,
    HOUR_MS,
    HUB_HOST,
    IMAGES,
    MIN_MS,
    registrationsOf,
    requestTimesMs,
    startStableWorld,
} from "../helpers/board-calls.js"
import { createWorld } from "../helpers/firmware-world.js"

describe("a board that its hub refuses (CONNACK 5)", () => {
    test.each(IMAGES)(
        "sets its clock and retries the hub with a new token after 1 to 2 min (image: %s)",
        async image => {
            const world = await startStableWorld(image)
            world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, times: 1, fault: { connack: 5 } })
            const lostMs = elapsedMs(world)
            world.cloud.hub(HUB_HOST).disconnect("board-1")
            world.untilLogged(/^moored/, 400)
            const [refused, clock, again] = connectionsOf(world, lostMs)
            expect([refused, clock, again].map(({ kind }) => kind)).toEqual(["hub", "clock", "hub"])
            expectEachWithin([clock.atMs - refused.atMs], HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
            expectEachWithin([again.atMs - clock.atMs], 0, CALL_MS)
            expect(registrationsOf(world)).toBe(1)
        }
    )

    test.each(IMAGES)(
        "registers 1 to 2 min after the second refusal if it set its clock in between (image: %s)",
        async image => {
            const world = await startStableWorld(image)
            world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, times: 2, fault: { connack: 5 } })
            const lostMs = elapsedMs(world)
            world.cloud.hub(HUB_HOST).disconnect("board-1")
            world.untilLogged(/^moored/, 600)
            const made = connectionsOf(world, lostMs)
            expect(made.map(({ kind }) => kind)).toEqual(["hub", "clock", "hub", "dps", "hub"])
            expectEachWithin(
                gapsBetween(connectionTimesMs(world, "hub", lostMs)),
                HUB_GAP_MS,
                2 * HUB_GAP_MS + 10_000
            )
            expectEachWithin([made[3].atMs - made[2].atMs], HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
            expect(registrationsOf(world)).toBe(2)
        }
    )

    test("does not register within the hub window when it cannot set its clock", async () => {
        let down = ""
        const world = await startStableWorld("main", {
            answer: host => (host === down ? "connect" : "accept"),
        })
        world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault: { connack: 5 } })
        down = DPS_HOST
        const lostMs = elapsedMs(world)
        world.cloud.hub(HUB_HOST).disconnect("board-1")
        world.advanceSec(29 * 60)
        expect(world.logged("registering")).toHaveLength(1)
        expectEachWithin(
            gapsBetween(connectionTimesMs(world, "hub", lostMs)),
            2 * HUB_GAP_MS,
            2 * CAP_MS + CALL_MS
        )
    })

    test("sets its clock before it retries the hub when the network was lost in between", async () => {
        const world = await startStableWorld("main")
        world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, times: 1, fault: { connack: 5 } })
        const lostMs = elapsedMs(world)
        world.cloud.hub(HUB_HOST).disconnect("board-1")
        world.untilLogged("CONNACK 5", 200)
        world.network.isAvailable = false
        world.advanceSec(180)
        world.network.isAvailable = true
        world.untilLogged(/^moored/, 10)
        expect(connectionsOf(world, lostMs).map(({ kind }) => kind)).toEqual(["hub", "clock", "hub"])
    })

    test("registers at most once in 10 min when every registration ends in a refusal", async () => {
        const world = await startStableWorld("main")
        world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault: { connack: 5 } })
        world.cloud.hub(HUB_HOST).disconnect("board-1")
        world.advanceSec(6 * 3600)
        const registered = requestTimesMs(world, "register").slice(1)
        expect(registered.length).toBeGreaterThan(12)
        expectEachWithin(gapsBetween(registered).slice(0, 2), 2 * HUB_GAP_MS, HOUR_MS)
        expectEachWithin(gapsBetween(registered).slice(2), SLOW_MS, 2 * SLOW_MS + 5 * MIN_MS)
        expectEachWithin(
            gapsBetween(connectionTimesMs(world, "hub")).slice(1),
            HUB_GAP_MS,
            2 * SLOW_MS + MIN_MS
        )
    })
})

describe("a board whose hub is busy (CONNACK 3, or closed after CONNACK)", () => {
    const BUSY = [
        ["CONNACK 3", { connack: 3 }, "CONNACK 3"],
        ["closed immediately", { closeAfterConnackMs: 0 }, "closed after CONNACK"],
        ["closed after 2 s", { closeAfterConnackMs: 2000 }, "closed after CONNACK"],
    ] as const

    test.each(BUSY)(
        "waits at least 5 s, then at least 1 min each time, and registers after the hub window (%s)",
        async (_, fault, logText) => {
            const world = await startStableWorld("main")
            world.untilLogged("record stored")
            world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault })
            const lostMs = elapsedMs(world)
            // A boot with a record: this is the first connection, and nothing failed before.
            world.board.powerOff()
            world.board.powerOn()
            world.advanceSec(29 * 60)
            const [first, ...later] = gapsBetween(connectionTimesMs(world, "hub", lostMs))
            expectEachWithin([first], SERVER_ERROR_MS, 2 * HUB_GAP_MS + 2 * CALL_MS)
            expectEachWithin(later, HUB_GAP_MS, CAP_MS + 2000 + CALL_MS)
            expect(later.length).toBeGreaterThan(4)
            expect(connectionTimesMs(world, "dps", lostMs)).toEqual([])
            expect(world.logged(logText).length).toBeGreaterThan(5)
            world.untilLogged("registering", 600)
            expectEachWithin([elapsedMs(world) - lostMs], HUB_WINDOW_MS, HUB_WINDOW_MS + CAP_MS + MIN_MS)
        }
    )

    test("resets its backoff after a session of 2 min, not after a shorter session", async () => {
        const waits = async (heldSec: number) => {
            const world = await startStableWorld("main", {
                settings: { STABLE_SEC: 120, TELEMETRY_SEC: 600 },
            })
            const closeAfterConnackMs = heldSec * 1000
            world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault: { closeAfterConnackMs } })
            const lostMs = elapsedMs(world)
            world.cloud.hub(HUB_HOST).disconnect("board-1")
            // Shorter than the hub window.
            world.advanceSec(heldSec < 120 ? 28 * 60 : 3 * 3600)
            return gapsBetween(connectionTimesMs(world, "hub", lostMs)).map(ms => ms - closeAfterConnackMs)
        }
        expect(Math.max(...(await waits(100)))).toBeGreaterThan(2 * HUB_GAP_MS + CALL_MS)
        expectEachWithin(await waits(125), HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
    })
})

describe("a board that loses its hub", () => {
    test("retries the hub after 1 to 2 min without DPS, with both images", async () => {
        for (const [image] of IMAGES) {
            const world = await startStableWorld(image)
            const lostMs = elapsedMs(world)
            world.cloud.hub(HUB_HOST).disconnect("board-1")
            world.untilLogged(/^moored/, 200)
            expect(connectionsOf(world, lostMs).map(({ kind }) => kind)).toEqual(["hub"])
            expectEachWithin(
                [connectionTimesMs(world, "hub", lostMs)[0] - lostMs],
                HUB_GAP_MS,
                2 * HUB_GAP_MS + CALL_MS
            )
        }
    })

    test("doubles the hub window up to 4 h when DPS returns the same unreachable hub", async () => {
        const { world, attemptsMs, setUnreachable } = await createOutageWorld("main", "connect")
        world.board.powerOn()
        world.untilLogged("stable")
        setUnreachable(HUB_HOST)
        const lostMs = elapsedMs(world)
        world.cloud.hub(HUB_HOST).disconnect("board-1")
        world.advanceSec(17 * 3600)
        const registered = requestTimesMs(world, "register").filter(ms => ms > lostMs)
        const windowsMin = gapsBetween([lostMs, ...registered]).map(ms => ms / MIN_MS)
        expect(windowsMin).toHaveLength(6)
        for (const [i, windowMin] of [30, 60, 120, 240, 240, 240].entries())
            expectEachWithin([windowsMin[i]], windowMin, windowMin + 7)
        expectEachWithin(gapsBetween(attemptsMs), HUB_GAP_MS, CAP_MS + 10_000)
    })
})

describe("a board whose hub is unreachable or has no such device", () => {
    test("retries with a new token, then registers, when the hub has deleted its device", async () => {
        const world = await createWorld({ image: "main" })
        const host = bootUntilStable(world)
        world.cloud.hub(host).removeDevice("board-1")
        const since = world.dials.length
        world.untilLogged("registering", 600)
        world.advanceSec(1)
        const calls = world.dials
            .slice(since)
            .map(dial => `${dial.host === host ? "hub" : "dps"}:${dial.port}`)
        // Refusal, clock, second refusal, registration.
        expect(calls.slice(0, 4)).toEqual(["hub:8883", "dps:443", "hub:8883", "dps:8883"])
        world.untilLogged(/^moored/)
    })

    test("retries an unreachable hub at most once a minute and does not register for 30 min", async () => {
        let down = ""
        const world = await createWorld({
            image: "main",
            answer: host => (host === down ? "connect" : "accept"),
        })
        down = bootUntilStable(world)
        const before = world.dials.length
        world.cloud.hub(down).disconnect("board-1")
        const registrations = registrationsOf(world)
        world.advanceSec(29 * 60)
        expect(registrationsOf(world)).toBe(registrations)
        expect(world.dials.length - before).toBe(0)
        world.untilLogged("registering", 20 * 60)
        const failuresMs = world.logged("can't connect").map(line => line.atMs)
        expect(failuresMs.length).toBeGreaterThan(5)
        expectEachWithin(gapsBetween(failuresMs), MIN_MS, HOUR_MS)
    })

    test("returns to its hub without DPS when the hub recovers within the hub window", async () => {
        let down = ""
        const world = await createWorld({
            image: "main",
            answer: host => (host === down ? "connect" : "accept"),
        })
        const host = bootUntilStable(world)
        down = host
        world.cloud.hub(host).disconnect("board-1")
        world.advanceSec(10 * 60)
        down = ""
        world.untilLogged(/^moored/, 600)
        expect(registrationsOf(world)).toBe(1)
    })

    test("retries no sooner than 1 min after a refusal", async () => {
        const world = await createWorld({ image: "main" })
        const host = bootUntilStable(world)
        const sinceMs = elapsedMs(world)
        world.cloud.hub(host).removeDevice("board-1")
        world.untilLogged("registering", 600)
        expectEachWithin(gapsBetween(connectionTimesMs(world, "hub", sinceMs)), MIN_MS, HOUR_MS)
    })
})

describe("a board that its hub always refuses", () => {
    test("registers at most ten times in the first two hours", async () => {
        const world = await createWorld({ image: "main" })
        const host = bootUntilStable(world)
        world.cloud.faultOverride = point =>
            point.kind === "connect" && point.service !== "dps" ? { connack: 5 } : undefined
        world.cloud.hub(host).disconnect("board-1")
        world.advanceSec(2 * 3600)
        const { registrations } = world.cloud.counters("board-1")
        expect(registrations).toBeGreaterThan(2)
        expect(registrations).toBeLessThanOrEqual(10)
        world.cloud.faultOverride = undefined
        world.untilLogged(/^moored/, 3600)
    })
})

describe("a board whose hub closes each session immediately", () => {
    test("waits at least 5 s, then at least 1 min each time", async () => {
        const world = await createWorld({ image: "main" })
        const host = bootUntilStable(world)
        let closesSessions = true
        world.cloud.onEvent(event => {
            if (closesSessions && event.kind === "connack" && event.service === host && event.status === 0)
                world.clock.after(0, () => world.cloud.hub(host).disconnect("board-1"))
        })
        const from = world.dials.length
        world.cloud.hub(host).disconnect("board-1")
        world.advanceSec(15 * 60)
        const times = world.dials.slice(from).map(dial => dial.atMs)
        expect(times.length).toBeGreaterThan(2)
        for (let i = 2; i < times.length; i++) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(60_000)
        for (let i = 1; i < times.length; i++) expect(times[i] - times[i - 1]).toBeGreaterThanOrEqual(5000)
        closesSessions = false
        world.untilLogged(/^moored/, 600)
        expect(registrationsOf(world)).toBe(1)
    })
})

describe("a board whose only hub stays unreachable", () => {
    test("registers after 30 min, then 1 h later, then 2 h later, as the hub window doubles", async () => {
        let down = ""
        const world = await createWorld({
            image: "main",
            hubs: ["hub-1.azure-devices.net"],
            answer: host => (host === down ? "connect" : "accept"),
        })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(20)
        down = "hub-1.azure-devices.net"
        world.cloud.hub(down).disconnect("board-1")
        const sinceMs = world.clock.nowMs()
        world.advanceSec(5 * 3600)
        const atMin = world.cloud.history
            .filter(event => event.kind === "register" && event.atMs > sinceMs)
            .map(event => (event.atMs - sinceMs) / 60_000)
        expect(atMin).toHaveLength(3)
        const [first, second, third] = atMin
        // An attempt may be late by the longest wait between two attempts.
        expect(first).toBeGreaterThanOrEqual(30)
        expect(first).toBeLessThan(37)
        expect(second - first).toBeGreaterThanOrEqual(60)
        expect(second - first).toBeLessThan(67)
        expect(third - second).toBeGreaterThanOrEqual(120)
        expect(third - second).toBeLessThan(127)
        down = ""
        world.untilLogged(/^moored/, 600)
    })
})
