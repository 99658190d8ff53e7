// What the board does when DPS refuses, throttles, fails or rejects the board.
import type { FaultRule } from "@moorage/emulator"
import { describe, expect, test } from "vitest"
import { CAP_MS, SERVER_ERROR_MS, SLOW_MS } from "../../devs/retry/retry-policy"
import {
    bootUntilStable,
    CALL_MS,
    connectionsOf,
    connectionTimesMs,
    elapsedMs,
    expectEachWithin,
    gapsBetween,
    HOUR_MS,
    HUB_HOST,
    MIN_MS,
    registrationsOf,
    requestTimesMs,
    startOneHubWorld,
} from "../helpers/board-calls.js"
import { createWorld, GROUP_KEY, type FirmwareWorld } from "../helpers/firmware-world.js"
/** Longest wait of the fleet formula with default settings: 1000 boards, 16 registrations a second. */
const FLEET_MS = 62_500

describe("a board that gets CONNACK 3 from DPS", () => {
    test("retries after 5 s to 5 min and suggests a wrong ID scope from the fifth failure on", async () => {
        const world = await startOneHubWorld("main")
        world.cloud.faultRules.add({ on: "connect", service: "dps", fault: { connack: 3 } })
        world.advanceSec(4 * 3600)
        const attemptsMs = connectionTimesMs(world, "dps")
        expectEachWithin(gapsBetween(attemptsMs), SERVER_ERROR_MS, CAP_MS + CALL_MS)
        expect(attemptsMs.length).toBeGreaterThan(40)
        expect(world.logged("check ID_SCOPE").length).toBe(world.logged("CONNACK 3").length - 4)
    })
})

describe("a board that DPS refuses", () => {
    const REFUSALS: [string, FaultRule][] = [
        ["CONNACK 5", { on: "connect", service: "dps", fault: { connack: 5 } }],
        ["register 401", { on: "register", fault: { status: 401 } }],
        ["register 403", { on: "register", fault: { status: 403 } }],
    ]

    test.each(REFUSALS)(
        "sets its clock, retries once, then waits at least 10 min each time (refusal: %s)",
        async (_, rule) => {
            const world = await startOneHubWorld("main")
            world.cloud.faultRules.add(rule)
            world.advanceSec(2 * 3600)
            expect(
                connectionsOf(world)
                    .map(({ kind }) => kind)
                    .slice(0, 6)
            ).toEqual(["clock", "dps", "clock", "dps", "dps", "dps"])
            const [first, second, ...later] = connectionTimesMs(world, "dps")
            expectEachWithin([second - first], 1000, 2000 + CALL_MS)
            expectEachWithin(gapsBetween([second, ...later]), SLOW_MS, 2 * SLOW_MS + CALL_MS)
            // Both connections only set the clock: a new full image sends no status lookup.
            expect(connectionTimesMs(world, "clock")).toHaveLength(2)
        }
    )

    test("sets its clock and moors when the refusal does not repeat", async () => {
        const world = await startOneHubWorld("main")
        world.cloud.faultRules.add({ on: "register", times: 1, fault: { status: 401 } })
        world.untilLogged(/^moored/, 30)
        expect(connectionsOf(world).map(({ kind }) => kind)).toEqual(["clock", "dps", "clock", "dps", "hub"])
    })
})

/** The images, and the requests to DPS that are repeated. A registration replaces a status lookup that fails twice. */
const REQUESTS = [
    ["main", "register"],
    ["main", "poll"],
    ["maintight", "register"],
    ["maintight", "poll"],
] as const

describe("a board that DPS throttles (429)", () => {
    test.each(REQUESTS)(
        "waits for retry-after plus a random time (image: %s, request: %s)",
        async (image, on) => {
            const world = await startOneHubWorld(image)
            world.cloud.faultRules.add({ on, times: 6, fault: { status: 429, retryAfterSec: 40 } })
            world.untilLogged(/^moored/, 900)
            const waits = gapsBetween(requestTimesMs(world, on)).slice(0, 6)
            expect(waits).toHaveLength(6)
            expectEachWithin(waits, 40_000, 50_000 + CALL_MS)
            expect(new Set(waits.map(ms => Math.round(ms / 100))).size).toBeGreaterThan(3)
            expect(registrationsOf(world)).toBe(on === "register" ? 7 : 1)
        }
    )

    test.each(REQUESTS)(
        "waits as the fleet formula says when retry-after is missing (image: %s, request: %s)",
        async (image, on) => {
            const world = await startOneHubWorld(image)
            world.cloud.faultRules.add({ on, times: 12, fault: { status: 429 } })
            world.untilLogged(/^moored/, 1800)
            const waits = gapsBetween(requestTimesMs(world, on)).slice(0, 12)
            expect(waits).toHaveLength(12)
            expectEachWithin(waits, 1000, FLEET_MS + CALL_MS)
            expect(Math.max(...waits)).toBeGreaterThan(FLEET_MS / 2)
            expect(Math.min(...waits)).toBeLessThan(FLEET_MS / 2)
        }
    )
})

describe("a board that gets a server error from DPS (5xx)", () => {
    test.each(REQUESTS)(
        "waits at least 5 s and backs off up to 5 min (image: %s, request: %s)",
        async (image, on) => {
            const world = await startOneHubWorld(image)
            world.cloud.faultRules.add({ on, times: 8, fault: { status: 500 } })
            world.cloud.faultRules.add({ on, times: 8, fault: { status: 503 } })
            world.untilLogged(/^moored/, 2 * 3600)
            const waits = gapsBetween(requestTimesMs(world, on)).slice(0, 16)
            expect(waits).toHaveLength(16)
            expectEachWithin(waits, SERVER_ERROR_MS, CAP_MS + CALL_MS)
            expect(Math.max(...waits)).toBeGreaterThan(MIN_MS)
            expect(registrationsOf(world)).toBe(on === "register" ? 17 : 1)
        }
    )

    test("waits for the retry-after of a server error", async () => {
        const world = await startOneHubWorld("main")
        world.cloud.faultRules.add({ on: "register", times: 4, fault: { status: 503, retryAfterSec: 90 } })
        world.untilLogged(/^moored/, 900)
        expectEachWithin(gapsBetween(requestTimesMs(world, "register")), 90_000, 112_500 + CALL_MS)
    })
})

describe("a board that DPS rejects (failed, disabled)", () => {
    const GROUP = { enrollmentGroupId: "fleet", primaryKey: GROUP_KEY }
    /** A custom allocation without a webhook fails. */
    const BROKEN = {
        failed: { ...GROUP, allocationPolicy: "custom" as const },
        disabled: { ...GROUP, provisioningStatus: "disabled" as const },
    }
    const CASES = [
        ["main", "failed"],
        ["main", "disabled"],
        ["maintight", "failed"],
        ["maintight", "disabled"],
    ] as const

    test.each(CASES)(
        "registers every 10 to 20 min, logs the reason, and moors once the enrollment is corrected (image: %s, status: %s)",
        async (image, how) => {
            const world = await createWorld({ image, hubs: [HUB_HOST] })
            world.cloud.dps.enrollments.putGroup(BROKEN[how])
            world.board.powerOn()
            world.advanceSec(3 * 3600)
            const attemptsMs = requestTimesMs(world, "register")
            expect(attemptsMs.length).toBeGreaterThan(8)
            expectEachWithin(gapsBetween(attemptsMs), SLOW_MS, 2 * SLOW_MS + 10_000)
            expect(
                world.logged(how === "failed" ? /^DPS \d+ .+; next in/ : "disabled").length
            ).toBeGreaterThan(8)
            world.cloud.dps.enrollments.putGroup(GROUP)
            world.untilLogged(/^moored/, 1300)
        }
    )

    test("registers after a power cut when its status lookup answers failed (tight image)", async () => {
        const world = await createWorld({ image: "maintight", hubs: [HUB_HOST] })
        world.cloud.dps.enrollments.putGroup(BROKEN.failed)
        world.board.powerOn()
        world.untilLogged("next in")
        world.board.powerOff()
        world.cloud.dps.enrollments.putGroup(GROUP)
        world.board.powerOn()
        const bootMs = elapsedMs(world)
        world.untilLogged(/^moored/, 1300)
        const [lookup] = requestTimesMs(world, "lookup").filter(ms => ms > bootMs)
        const [register] = requestTimesMs(world, "register").filter(ms => ms > bootMs)
        expectEachWithin([register - lookup], SLOW_MS, 2 * SLOW_MS + CALL_MS)
    })
})

describe("a board that polls its operation", () => {
    test("registers again, after the wait of a server error, when DPS no longer knows the operation", async () => {
        const world = await startOneHubWorld("main")
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { status: 404 } })
        world.untilLogged(/^moored/, 300)
        const [lostMs] = requestTimesMs(world, "poll")
        const [, again] = requestTimesMs(world, "register")
        expectEachWithin([again - lostMs], SERVER_ERROR_MS, 2 * SERVER_ERROR_MS + CALL_MS)
        expect(registrationsOf(world)).toBe(2)
    })

    test("backs off up to 5 min when DPS loses every operation", async () => {
        const world = await startOneHubWorld("main")
        world.cloud.faultRules.add({ on: "poll", fault: { status: 404 } })
        world.advanceSec(2 * 3600)
        const waits = gapsBetween(requestTimesMs(world, "register"))
        expect(waits.length).toBeGreaterThan(20)
        expectEachWithin(waits, SERVER_ERROR_MS, CAP_MS + 10_000)
        expect(Math.max(...waits)).toBeGreaterThan(2 * MIN_MS)
    })

    test("backs off up to 5 min when the answers of DPS contain no operation ID", async () => {
        const world = await createWorld({ image: "main", hubs: [HUB_HOST] })
        const { dps } = world.cloud
        const register = dps.register.bind(dps)
        dps.register = (...request) => ({ ...register(...request), body: '{"status":"assigning"}' })
        world.board.powerOn()
        world.advanceSec(3600)
        expectEachWithin(gapsBetween(requestTimesMs(world, "register")), SERVER_ERROR_MS, CAP_MS + CALL_MS)
        expect(requestTimesMs(world, "poll")).toEqual([])
    })

    test("polls the same operation again after a lost answer, 429 or 5xx", async () => {
        const world = await startOneHubWorld("main", { assigningMs: 60_000 })
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { close: true } })
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { status: 429 } })
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { status: 500 } })
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { mute: true } })
        world.untilLogged(/^moored/, 900)
        expect(registrationsOf(world)).toBe(1)
        expectEachWithin(gapsBetween(requestTimesMs(world, "poll")), 1000, FLEET_MS + MIN_MS)
    })
})

describe("a board that sends a status lookup", () => {
    type LookupSetup = (world: FirmwareWorld) => void
    const UNASSIGNED_ANSWERS: [string, LookupSetup][] = [
        ["404", () => undefined],
        ["null", ({ cloud }) => (cloud.dps.quirks.lookupUnknown = "null")],
        ["unassigned", ({ cloud }) => answer(cloud, '{"status":"unassigned"}')],
        ["empty", ({ cloud }) => answer(cloud, "")],
    ]

    function answer({ dps }: FirmwareWorld["cloud"], body: string): void {
        const lookup = dps.lookup.bind(dps)
        dps.lookup = (...request) => ({ ...lookup(...request), status: 200, body })
    }

    test.each(UNASSIGNED_ANSWERS)("registers immediately when the answer is %s", async (_, set) => {
        const world = await createWorld({ image: "maintight", hubs: [HUB_HOST] })
        set(world)
        world.board.powerOn()
        world.untilLogged(/^moored/, 30)
        expect(connectionsOf(world).map(({ kind }) => kind)).toEqual(["clock", "dps", "hub"])
        const [[lookup], [register]] = [requestTimesMs(world, "lookup"), requestTimesMs(world, "register")]
        expectEachWithin([register - lookup], 0, CALL_MS)
        expect(world.logged("next in")).toEqual([])
    })

    test.each([
        ["401", { status: 401 }, 1],
        ["403", { status: 403 }, 1],
        ["429", { status: 429 }, 2],
        ["500", { status: 500 }, 2],
        ["503 with retry-after", { status: 503, retryAfterSec: 40 }, 2],
    ])("registers when DPS answers %s to each lookup (tight image)", async (_, fault, lookups) => {
        const world = await startOneHubWorld("maintight")
        world.cloud.faultRules.add({ on: "lookup", fault })
        world.untilLogged(/^moored/, 300)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups })
        const [firstMs, ...laterMs] = [
            ...requestTimesMs(world, "lookup"),
            ...requestTimesMs(world, "register"),
        ]
        const minMs = fault.status >= 500 ? SERVER_ERROR_MS : 1000
        const retryAfterMs = "retryAfterSec" in fault ? 40_000 : 0
        expectEachWithin(
            gapsBetween([firstMs, ...laterMs]),
            Math.max(minMs, retryAfterMs),
            FLEET_MS + CALL_MS
        )
    })

    test("repeats a lookup that cannot reach DPS, and does not register (tight image)", async () => {
        const world = await createWorld({ image: "maintight", hubs: [HUB_HOST] })
        bootUntilStable(world)
        world.board.powerOff()
        world.cloud.faultRules.add({ on: "lookup", times: 6, fault: { close: true } })
        world.board.powerOn()
        world.untilLogged(/^moored/, 600)
        expect(registrationsOf(world)).toBe(1)
    })
})

describe("a board that waits for retry-after", () => {
    test("delays its planned reboot until the wait is over", async () => {
        const world = await startOneHubWorld("maintight")
        world.cloud.faultRules.add({ on: "register", fault: { status: 429, retryAfterSec: 80_000 } })
        world.untilLogged("planned reboot", 46 * 86_400)
        world.untilLogged("next in", 60)
        expectEachWithin(gapsBetween(requestTimesMs(world, "register")), 80_000_000, 101_000_000)
        expect(world.board.stats.resets).toBe(1)
    })
})

describe("a board that needs DPS", () => {
    test("sends a request at most every 10 min with a wrong key, and logs status 401", async () => {
        const world = await createWorld({
            image: "main",
            settings: { DEVICE_KEY: Buffer.alloc(32, 9).toString("base64") },
        })
        world.board.powerOn()
        world.advanceSec(60 * 60)
        const calls = connectionTimesMs(world, "dps")
        expect(calls.length).toBeGreaterThan(3)
        expect(calls.length).toBeLessThanOrEqual(8)
        for (let i = 2; i < calls.length; i++) expect(calls[i] - calls[i - 1]).toBeGreaterThanOrEqual(600_000)
        expect(world.logged("401").length).toBe(calls.length)
    })

    test("backs off with a wrong ID scope and suggests a wrong ID scope from the fifth failure on", async () => {
        const world = await createWorld({ image: "main" })
        // The answer of DPS to a wrong scope over MQTT (protocol-facts.md, 1.7).
        world.cloud.faultOverride = point =>
            point.kind === "connect" && point.service === "dps" ? { connack: 3 } : undefined
        world.board.powerOn()
        world.advanceSec(60 * 60)
        expect(world.logged("CONNACK 3").length).toBeGreaterThan(5)
        expect(world.logged("check ID_SCOPE").length).toBe(world.logged("CONNACK 3").length - 4)
        expectEachWithin(gapsBetween(connectionTimesMs(world, "dps")), 1000, HOUR_MS)
    })

    test("registers again after retry-after, not sooner", async () => {
        const world = await createWorld({ image: "main" })
        let refusals = 3
        world.cloud.faultOverride = point =>
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

    test("waits at least 5 s after each 5xx", async () => {
        const world = await createWorld({ image: "main" })
        let refusals = 4
        world.cloud.faultOverride = point =>
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

    test("polls the same operation when its connection drops between two polls", async () => {
        const world = await createWorld({ image: "main", assigningMs: 20_000 })
        let drop = true
        world.cloud.faultOverride = point => {
            if (point.kind !== "poll" || !drop) return undefined
            drop = false
            return { close: true }
        }
        world.board.powerOn()
        world.untilLogged(/^moored/, 300)
        expect(drop).toBe(false)
        expect(registrationsOf(world)).toBe(1)
    })

    test("repeats its status lookup after an outage of DPS and does not register (tight image)", async () => {
        let down = false
        const world = await createWorld({ image: "maintight", answer: () => (down ? "resolve" : "accept") })
        bootUntilStable(world)
        world.board.powerOff()
        down = true
        world.board.powerOn()
        world.advanceSec(300)
        down = false
        world.untilLogged(/^moored/, 600)
        expect(registrationsOf(world)).toBe(1)
    })

    test("registers again when DPS has deleted its registration (tight image)", async () => {
        const world = await createWorld({ image: "maintight" })
        bootUntilStable(world)
        world.board.powerOff()
        world.cloud.dps.deleteRegistration("board-1")
        bootUntilStable(world)
        expect(registrationsOf(world)).toBe(2)
    })
})

describe("a board with a poll interval of 30 min", () => {
    test("polls once after 30 min, without a watchdog reboot", async () => {
        const world = await createWorld({ image: "main", retryAfterSec: 1800, assigningMs: 1000 })
        world.board.powerOn()
        world.untilLogged(/^moored/, 2 * 3600)
        expect(world.board.stats.resets).toBe(0)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, polls: 1 })
    })
})

describe("a board with other fleet settings", () => {
    test("waits at most (1/load) * (N/cps) s after 429 without retry-after", async () => {
        const settings = { FLEET_N: 10_000, FLEET_CPS: 100, LOAD: 0.5 }
        const world = await createWorld({ image: "main", settings })
        world.cloud.faultRules.add({ on: "register", times: 6, fault: { status: 429 } })
        world.board.powerOn()
        world.untilLogged(/^moored/, 3600)
        const at = world.cloud.history.filter(event => event.kind === "register").map(event => event.atMs)
        const gapsSec = at.slice(1).map((ms, i) => (ms - at[i]) / 1000)
        expect(gapsSec).toHaveLength(6)
        for (const sec of gapsSec) {
            expect(sec).toBeGreaterThanOrEqual(1)
            expect(sec).toBeLessThan(201)
        }
        expect(Math.max(...gapsSec)).toBeGreaterThan(30)
    })
})
