// What the board does when a host is unreachable, a connection is lost, or no answer arrives.
import { describe, expect, test } from "vitest"
import { backoffCeilingMs } from "../../devs/retry/backoff"
import { CAP_MS, HUB_GAP_MS, HUB_WINDOW_MS } from "../../devs/retry/retry-policy"
import {
    CALL_MS,
    connectionTimesMs,
    createOutageWorld,
    DPS_HOST,
    elapsedMs,
    expectEachWithin,
    gapsBetween,
    HUB_HOST,
    MIN_MS,
    requestTimesMs,
    startOneHubWorld,
    startStableWorld,
} from "../helpers/board-calls.js"
import { createWorld } from "../helpers/firmware-world.js"

const FAILURES = [["resolve"], ["connect"], ["handshake"]] as const

describe("a board that cannot connect (DNS, TCP or TLS fails)", () => {
    test.each(FAILURES)(
        "retries DPS with backoff and jitter, at least 1 s apart (failure: %s)",
        async failure => {
            const { world, attemptsMs, setUnreachable } = await createOutageWorld("main", failure)
            setUnreachable(DPS_HOST)
            world.board.powerOn()
            world.advanceSec(3600)
            const waits = gapsBetween(attemptsMs)
            expect(waits.length).toBeGreaterThan(12)
            for (const [i, ms] of waits.entries()) {
                expect(ms).toBeGreaterThanOrEqual(1000)
                expect(ms).toBeLessThanOrEqual(backoffCeilingMs(i, 2000, CAP_MS) + CALL_MS)
            }
            // The board backs off up to the cap and keeps its jitter at the cap.
            expect(Math.max(...waits)).toBeGreaterThan(MIN_MS)
            expect(new Set(waits.slice(9).map(ms => Math.round(ms / 1000))).size).toBeGreaterThan(3)
            setUnreachable("")
            world.untilLogged(/^moored/, 400)
        }
    )

    test.each(FAILURES)("retries the hub with backoff, at least 1 min apart (failure: %s)", async failure => {
        const { world, attemptsMs, setUnreachable } = await createOutageWorld("main", failure)
        world.board.powerOn()
        world.untilLogged("stable")
        setUnreachable(HUB_HOST)
        const lostMs = elapsedMs(world)
        world.cloud.hub(HUB_HOST).disconnect("board-1")
        world.advanceSec(29 * 60)
        expect(attemptsMs.length).toBeGreaterThan(5)
        expectEachWithin(gapsBetween([lostMs, ...attemptsMs]), HUB_GAP_MS, CAP_MS + CALL_MS)
        expect(connectionTimesMs(world, "dps", lostMs)).toEqual([])
    })
})

describe("a board that gets no CONNACK", () => {
    test("waits 70 s for the CONNACK of the hub and retries after at least 1 min", async () => {
        for (const fault of [{ close: true }, { mute: true }]) {
            const world = await startStableWorld("main")
            world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault })
            const lostMs = elapsedMs(world)
            world.cloud.hub(HUB_HOST).disconnect("board-1")
            world.advanceSec(29 * 60)
            const waitedMs = fault.mute ? 70_000 : 0
            const attemptsMs = connectionTimesMs(world, "hub", lostMs)
            expectEachWithin([attemptsMs[0] - lostMs], HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
            expectEachWithin(gapsBetween(attemptsMs), waitedMs + HUB_GAP_MS, waitedMs + CAP_MS + CALL_MS)
        }
    })

    test("registers after the hub window when the hub never sends CONNACK, and does not reboot", async () => {
        const world = await startStableWorld("main")
        world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault: { mute: true } })
        const lostMs = elapsedMs(world)
        world.cloud.hub(HUB_HOST).disconnect("board-1")
        world.advanceSec(40 * 60)
        expectEachWithin(
            [connectionTimesMs(world, "dps", lostMs)[0] - lostMs],
            HUB_WINDOW_MS,
            HUB_WINDOW_MS + CAP_MS + 2 * MIN_MS
        )
        expect(world.board.stats.resets).toBe(0)
    })

    test("retries DPS with backoff and does not reboot", async () => {
        for (const fault of [{ close: true }, { mute: true }]) {
            const world = await startOneHubWorld("main")
            world.cloud.faultRules.add({ on: "connect", service: "dps", fault })
            world.advanceSec(2 * 3600)
            const waitedMs = fault.mute ? 70_000 : 0
            expectEachWithin(
                gapsBetween(connectionTimesMs(world, "dps")),
                waitedMs + 1000,
                waitedMs + CAP_MS + CALL_MS
            )
            expect(world.board.stats.resets).toBe(0)
            world.cloud.faultRules.clear()
            world.untilLogged(/^moored/, 400)
        }
    })
})

describe("a board that loses its connection between registration and poll", () => {
    test("polls at the time that DPS requested, not sooner", async () => {
        let dropConnection = () => {}
        const world = await startOneHubWorld("main", {
            retryAfterSec: 60,
            interceptLink: link => {
                dropConnection = () => link.abort()
                return link
            },
        })
        world.clock.advanceUntil(() => requestTimesMs(world, "register").length > 0, MIN_MS)
        world.advanceSec(1)
        dropConnection()
        world.untilLogged(/^moored/, 300)
        const [registeredMs] = requestTimesMs(world, "register")
        expect(requestTimesMs(world, "register")).toHaveLength(1)
        expectEachWithin([requestTimesMs(world, "poll")[0] - registeredMs], MIN_MS, MIN_MS + 3 * CALL_MS)
    })
})

describe("a board that gets no answer of any kind", () => {
    test.each([["DPS"], ["hub"]] as const)(
        "reboots after seven unanswered connection attempts in a row (to: %s)",
        async to => {
            let silentHost = ""
            const world = await createWorld({
                image: "main",
                hubs: [HUB_HOST],
                answer: host => (host === silentHost ? "mute" : "accept"),
            })
            if (to === "DPS") silentHost = DPS_HOST
            world.board.powerOn()
            world.untilLogged(to === "DPS" ? /^boot/ : "stable")
            silentHost = to === "DPS" ? DPS_HOST : HUB_HOST
            if (to === "hub") world.cloud.hub(HUB_HOST).disconnect("board-1")
            world.untilLogged(/^boot/, 3600)
            const timeouts = world.logged("connect timed out")
            expect(timeouts).toHaveLength(7)
            const minMs = 30_000 + (to === "hub" ? HUB_GAP_MS : 1000)
            expectEachWithin(gapsBetween(timeouts.map(line => line.atMs)), minMs, 30_000 + CAP_MS + CALL_MS)
            silentHost = ""
            world.untilLogged(/^moored/, 60)
            expect(world.board.stats.resets).toBe(1)
        }
    )

    test("reboots after seven unanswered registrations in a row", async () => {
        const world = await startOneHubWorld("main")
        world.cloud.faultRules.add({ on: "register", fault: { mute: true } })
        world.untilLogged(/^boot/)
        world.untilLogged(/^boot/, 2 * 3600)
        expect(world.logged("no answer from DPS")).toHaveLength(7)
        const waits = gapsBetween(world.logged("no answer from DPS").map(line => line.atMs))
        expectEachWithin(waits, 61_000, MIN_MS + CAP_MS + CALL_MS)
    })
})

describe("a board without a working network", () => {
    test("reboots after 15 min without network", async () => {
        const world = await createWorld({ image: "main" })
        world.network.isAvailable = false
        world.board.powerOn()
        world.advanceSec(3600)
        expect(world.board.stats.resets).toBeGreaterThanOrEqual(3)
        expect(world.board.stats.resets).toBeLessThanOrEqual(4)
    })

    test("waits for a missing network without counting failures", async () => {
        const world = await createWorld({ image: "main" })
        world.network.isAvailable = false
        world.board.powerOn()
        world.advanceSec(120)
        expect(world.logged("next in").length).toBeLessThanOrEqual(1)
        world.network.isAvailable = true
        world.untilLogged(/^moored/, 30)
    })

    test("reboots when no connection attempt is ever answered", async () => {
        const world = await createWorld({ image: "main", answer: () => "mute" })
        world.board.powerOn()
        world.advanceSec(3600)
        expect(world.board.stats.resets).toBeGreaterThan(0)
        expect(world.board.stats.panics).toBe(0)
    })
})
