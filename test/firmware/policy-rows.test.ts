// The table "What went wrong -> what the board does" of ARCHITECTURE, row by row: the board's calls, and when it made
// them. docs/reference/policy.md says which row is shown where.
import type { FaultRule } from "@moorage/emulator"
import { describe, expect, test } from "vitest"
import { backoffCeilingMs } from "../../devs/retry/backoff"
import { CAP_MS, HUB_GAP_MS, HUB_WINDOW_MS, SERVER_ERROR_MS, SLOW_MS } from "../../devs/retry/retry-policy"
import {
    GROUP_KEY,
    createWorld,
    type FirmwareWorldOptions,
    type FirmwareWorld,
} from "../helpers/firmware-world.js"

const DPS = "global.azure-devices-provisioning.net"
const HUB = "hub-1.azure-devices.net"
const MIN_MS = 60_000
const HOUR_MS = 60 * MIN_MS
/** What a call itself takes: handshakes, the slices of a wait, a connect that fails. */
const CALL_MS = 1500
/** The fleet's formula with the settings that a board has unless told otherwise: 1000 boards, 16 a second. */
const FLEET_MS = 62_500

const IMAGES = [["main"], ["maintight"]] as const

/** A world with one hub, so that DPS can only hand back the same. */
async function oneHub(image: FirmwareWorldOptions["image"], options: Partial<FirmwareWorldOptions> = {}) {
    const world = await createWorld({ image, hubs: [HUB], ...options })
    world.board.powerOn()
    return world
}

/** The same, moored and stable. */
async function moored(image: FirmwareWorldOptions["image"], options: Partial<FirmwareWorldOptions> = {}) {
    const world = await oneHub(image, options)
    world.untilLogged("stable", 300)
    return world
}

const isHub = (world: FirmwareWorld, host: string) => world.cloud.hubNames().includes(host)

/** Connections since `sinceMs`, in ms since power-on: to DPS over HTTPS (`clock`) or MQTT (`dps`), or to the hub. */
function calls(world: FirmwareWorld, sinceMs = 0): { call: "clock" | "dps" | "hub"; atMs: number }[] {
    return world.dials
        .filter(dial => dial.atMs >= sinceMs)
        .map(({ host, port, atMs }) => ({
            call: isHub(world, host) ? "hub" : port === 443 ? "clock" : "dps",
            atMs,
        }))
}

/** When the board connected to `call` since `sinceMs`. */
function callsOf(world: FirmwareWorld, call: "clock" | "dps" | "hub", sinceMs = 0): number[] {
    return calls(world, sinceMs)
        .filter(each => each.call === call)
        .map(({ atMs }) => atMs)
}

/** When DPS was asked for `kind`, in ms since power-on. */
function asked(world: FirmwareWorld, kind: "register" | "poll" | "lookup"): number[] {
    return world.cloud.history.filter(event => event.kind === kind).map(event => event.atMs - world.startMs)
}

const gaps = (timesMs: number[]) => timesMs.slice(1).map((ms, i) => ms - timesMs[i])
const sinceStart = (world: FirmwareWorld) => world.clock.nowMs() - world.startMs

function expectWithin(timesMs: number[], leastMs: number, mostMs: number): void {
    expect(timesMs.length).toBeGreaterThan(0)
    for (const ms of timesMs) {
        expect(ms).toBeGreaterThanOrEqual(leastMs)
        expect(ms).toBeLessThanOrEqual(mostMs)
    }
}

/** Every connection to `host` ends as `verdict` says while it is `down`; the tries are kept. */
async function unreachable(
    image: FirmwareWorldOptions["image"],
    verdict: "resolve" | "connect" | "handshake"
) {
    const tries: number[] = []
    let down = ""
    const world = await createWorld({
        image,
        hubs: [HUB],
        answer: host => {
            if (host !== down) return "accept"
            tries.push(sinceStart(world))
            return verdict
        },
    })
    const cut = (host: string) => {
        down = host
    }
    return { world, tries, cut }
}

const VERDICTS = [["resolve"], ["connect"], ["handshake"]] as const

describe("a failure of DNS, TCP or TLS", () => {
    test.each(VERDICTS)(
        "(%s) at DPS is tried again with backoff and jitter, a second at the least",
        async verdict => {
            const { world, tries, cut } = await unreachable("main", verdict)
            cut(DPS)
            world.board.powerOn()
            world.advanceSec(3600)
            const waits = gaps(tries)
            expect(waits.length).toBeGreaterThan(12)
            for (const [i, ms] of waits.entries()) {
                expect(ms).toBeGreaterThanOrEqual(1000)
                expect(ms).toBeLessThanOrEqual(backoffCeilingMs(i, 2000, CAP_MS) + CALL_MS)
            }
            // It backs off, up to the cap, and keeps its jitter there.
            expect(Math.max(...waits)).toBeGreaterThan(MIN_MS)
            expect(new Set(waits.slice(9).map(ms => Math.round(ms / 1000))).size).toBeGreaterThan(3)
            cut("")
            world.untilLogged(/^moored/, 400)
        }
    )

    test.each(VERDICTS)(
        "(%s) at the hub is tried again with backoff, a minute at the least",
        async verdict => {
            const { world, tries, cut } = await unreachable("main", verdict)
            world.board.powerOn()
            world.untilLogged("stable")
            cut(HUB)
            const lostMs = sinceStart(world)
            world.cloud.hub(HUB).disconnect("board-1")
            world.advanceSec(29 * 60)
            expect(tries.length).toBeGreaterThan(5)
            expectWithin(gaps([lostMs, ...tries]), HUB_GAP_MS, CAP_MS + CALL_MS)
            expect(callsOf(world, "dps", lostMs)).toEqual([])
        }
    )
})

describe("a link lost before CONNACK", () => {
    test("at the hub is tried again after a minute at the least, and no CONNACK is waited for 70 s", async () => {
        for (const fault of [{ close: true }, { mute: true }]) {
            const world = await moored("main")
            world.cloud.faultRules.add({ on: "connect", service: HUB, fault })
            const lostMs = sinceStart(world)
            world.cloud.hub(HUB).disconnect("board-1")
            world.advanceSec(29 * 60)
            const waitedMs = fault.mute ? 70_000 : 0
            const tries = callsOf(world, "hub", lostMs)
            expectWithin([tries[0] - lostMs], HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
            expectWithin(gaps(tries), waitedMs + HUB_GAP_MS, waitedMs + CAP_MS + CALL_MS)
        }
    })

    test("of a hub that never says CONNACK leads to DPS after the window, and to no reboot", async () => {
        const world = await moored("main")
        world.cloud.faultRules.add({ on: "connect", service: HUB, fault: { mute: true } })
        const lostMs = sinceStart(world)
        world.cloud.hub(HUB).disconnect("board-1")
        world.advanceSec(40 * 60)
        expectWithin(
            [callsOf(world, "dps", lostMs)[0] - lostMs],
            HUB_WINDOW_MS,
            HUB_WINDOW_MS + CAP_MS + 2 * MIN_MS
        )
        expect(world.board.stats.resets).toBe(0)
    })

    test("at DPS is tried again with backoff, and no CONNACK is no reason to reboot", async () => {
        for (const fault of [{ close: true }, { mute: true }]) {
            const world = await oneHub("main")
            world.cloud.faultRules.add({ on: "connect", service: "dps", fault })
            world.advanceSec(2 * 3600)
            const waitedMs = fault.mute ? 70_000 : 0
            expectWithin(gaps(callsOf(world, "dps")), waitedMs + 1000, waitedMs + CAP_MS + CALL_MS)
            expect(world.board.stats.resets).toBe(0)
            world.cloud.faultRules.clear()
            world.untilLogged(/^moored/, 400)
        }
    })
})

describe("DPS CONNACK 3", () => {
    test("is asked again after 5 s at the least, 5 min at the most, and after five the scope is doubted", async () => {
        const world = await oneHub("main")
        world.cloud.faultRules.add({ on: "connect", service: "dps", fault: { connack: 3 } })
        world.advanceSec(4 * 3600)
        const tries = callsOf(world, "dps")
        expectWithin(gaps(tries), SERVER_ERROR_MS, CAP_MS + CALL_MS)
        expect(tries.length).toBeGreaterThan(40)
        expect(world.logged("ID_SCOPE right?").length).toBe(world.logged("CONNACK 3").length - 4)
    })
})

describe("a refusal of DPS", () => {
    const REFUSALS: [string, FaultRule][] = [
        ["CONNACK 5", { on: "connect", service: "dps", fault: { connack: 5 } }],
        ["register 401", { on: "register", fault: { status: 401 } }],
        ["register 403", { on: "register", fault: { status: 403 } }],
    ]

    test.each(REFUSALS)(
        "(%s) costs a fresh clock and one more try, then is left alone 10 min",
        async (_, rule) => {
            const world = await oneHub("main")
            world.cloud.faultRules.add(rule)
            world.advanceSec(2 * 3600)
            expect(
                calls(world)
                    .map(({ call }) => call)
                    .slice(0, 6)
            ).toEqual(["clock", "dps", "clock", "dps", "dps", "dps"])
            const [first, second, ...later] = callsOf(world, "dps")
            expectWithin([second - first], 1000, 2000 + CALL_MS)
            expectWithin(gaps([second, ...later]), SLOW_MS, 2 * SLOW_MS + CALL_MS)
            // The clock of the lookup, and the fresh one.
            expect(callsOf(world, "clock")).toHaveLength(2)
        }
    )

    test("once costs a fresh clock, and the board moors", async () => {
        const world = await oneHub("main")
        world.cloud.faultRules.add({ on: "register", times: 1, fault: { status: 401 } })
        world.untilLogged(/^moored/, 30)
        expect(calls(world).map(({ call }) => call)).toEqual(["clock", "dps", "clock", "dps", "hub"])
    })
})

/** The DPS calls that can be refused, by the image that makes them. */
const REQUESTS = [
    ["main", "register"],
    ["main", "poll"],
    ["main", "lookup"],
    ["maintight", "register"],
    ["maintight", "poll"],
    ["maintight", "lookup"],
] as const

describe("DPS 429", () => {
    test.each(REQUESTS)(
        "to %s's %s with retry-after is honoured to the second, and spread after it",
        async (image, on) => {
            const world = await oneHub(image)
            world.cloud.faultRules.add({ on, times: 6, fault: { status: 429, retryAfterSec: 40 } })
            world.untilLogged(/^moored/, 900)
            const waits = gaps(asked(world, on)).slice(0, 6)
            expect(waits).toHaveLength(6)
            expectWithin(waits, 40_000, 50_000 + CALL_MS)
            expect(new Set(waits.map(ms => Math.round(ms / 100))).size).toBeGreaterThan(3)
            expect(world.cloud.counters("board-1").registrations).toBe(on === "register" ? 7 : 1)
        }
    )

    test.each(REQUESTS)("to %s's %s without retry-after is the seed's formula", async (image, on) => {
        const world = await oneHub(image)
        world.cloud.faultRules.add({ on, times: 12, fault: { status: 429 } })
        world.untilLogged(/^moored/, 1800)
        const waits = gaps(asked(world, on)).slice(0, 12)
        expect(waits).toHaveLength(12)
        expectWithin(waits, 1000, FLEET_MS + CALL_MS)
        expect(Math.max(...waits)).toBeGreaterThan(FLEET_MS / 2)
        expect(Math.min(...waits)).toBeLessThan(FLEET_MS / 2)
    })
})

describe("DPS 5xx", () => {
    test.each(REQUESTS)("to %s's %s waits 5 s at the least, and backs off to 5 min", async (image, on) => {
        const world = await oneHub(image)
        world.cloud.faultRules.add({ on, times: 8, fault: { status: 500 } })
        world.cloud.faultRules.add({ on, times: 8, fault: { status: 503 } })
        world.untilLogged(/^moored/, 2 * 3600)
        const waits = gaps(asked(world, on)).slice(0, 16)
        expect(waits).toHaveLength(16)
        expectWithin(waits, SERVER_ERROR_MS, CAP_MS + CALL_MS)
        expect(Math.max(...waits)).toBeGreaterThan(MIN_MS)
        expect(world.cloud.counters("board-1").registrations).toBe(on === "register" ? 17 : 1)
    })

    test("with a retry-after waits for that", async () => {
        const world = await oneHub("main")
        world.cloud.faultRules.add({ on: "register", times: 4, fault: { status: 503, retryAfterSec: 90 } })
        world.untilLogged(/^moored/, 900)
        expectWithin(gaps(asked(world, "register")), 90_000, 112_500 + CALL_MS)
    })
})

describe("DPS `failed` and `disabled`", () => {
    const GROUP = { enrollmentGroupId: "fleet", primaryKey: GROUP_KEY }
    /** A custom allocation with nobody to ask fails. */
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
        "%s: %s is asked about every 10 to 20 min, and said; once mended the board moors",
        async (image, how) => {
            const world = await createWorld({ image, hubs: [HUB] })
            world.cloud.dps.enrollments.putGroup(BROKEN[how])
            world.board.powerOn()
            world.advanceSec(3 * 3600)
            const tries = asked(world, "register")
            expect(tries.length).toBeGreaterThan(8)
            expectWithin(gaps(tries), SLOW_MS, 2 * SLOW_MS + 10_000)
            expect(
                world.logged(how === "failed" ? /^DPS \d+ .+; next in/ : "disabled").length
            ).toBeGreaterThan(8)
            world.cloud.dps.enrollments.putGroup(GROUP)
            world.untilLogged(/^moored/, 1300)
        }
    )

    test.each(IMAGES)(
        "%s: a lookup that says failed, after a power cut, leads to registration",
        async image => {
            const world = await createWorld({ image, hubs: [HUB] })
            world.cloud.dps.enrollments.putGroup(BROKEN.failed)
            world.board.powerOn()
            world.untilLogged("next in")
            world.board.powerOff()
            world.cloud.dps.enrollments.putGroup(GROUP)
            world.board.powerOn()
            const bootMs = sinceStart(world)
            world.untilLogged(/^moored/, 1300)
            const [lookup] = asked(world, "lookup").filter(ms => ms > bootMs)
            const [register] = asked(world, "register").filter(ms => ms > bootMs)
            expectWithin([register - lookup], SLOW_MS, 2 * SLOW_MS + CALL_MS)
        }
    )
})

describe("a poll that lost its operation", () => {
    test("registers again, as late as after a 5xx", async () => {
        const world = await oneHub("main")
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { status: 404 } })
        world.untilLogged(/^moored/, 300)
        const [lostMs] = asked(world, "poll")
        const [, again] = asked(world, "register")
        expectWithin([again - lostMs], SERVER_ERROR_MS, 2 * SERVER_ERROR_MS + CALL_MS)
        expect(world.cloud.counters("board-1").registrations).toBe(2)
    })

    test("for ever does not hammer: backoff up to 5 min", async () => {
        const world = await oneHub("main")
        world.cloud.faultRules.add({ on: "poll", fault: { status: 404 } })
        world.advanceSec(2 * 3600)
        const waits = gaps(asked(world, "register"))
        expect(waits.length).toBeGreaterThan(20)
        expectWithin(waits, SERVER_ERROR_MS, CAP_MS + 10_000)
        expect(Math.max(...waits)).toBeGreaterThan(2 * MIN_MS)
    })

    test("whose answers lack an operation is the same", async () => {
        const world = await createWorld({ image: "main", hubs: [HUB] })
        const { dps } = world.cloud
        const register = dps.register.bind(dps)
        dps.register = (...request) => ({ ...register(...request), body: '{"status":"assigning"}' })
        world.board.powerOn()
        world.advanceSec(3600)
        expectWithin(gaps(asked(world, "register")), SERVER_ERROR_MS, CAP_MS + CALL_MS)
        expect(asked(world, "poll")).toEqual([])
    })

    test("that only misses an answer, 429 and 5xx too, asks after the same operation again", async () => {
        const world = await oneHub("main", { assigningMs: 60_000 })
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { close: true } })
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { status: 429 } })
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { status: 500 } })
        world.cloud.faultRules.add({ on: "poll", times: 1, fault: { mute: true } })
        world.untilLogged(/^moored/, 900)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
        expectWithin(gaps(asked(world, "poll")), 1000, FLEET_MS + MIN_MS)
    })
})

describe("a link lost while an operation is waited for", () => {
    test("costs the wait nothing: the next poll comes when DPS said, and no sooner", async () => {
        let cut = () => {}
        const world = await oneHub("main", {
            retryAfterSec: 60,
            interceptLink: link => {
                cut = () => link.abort()
                return link
            },
        })
        world.clock.advanceUntil(() => asked(world, "register").length > 0, MIN_MS)
        world.advanceSec(1)
        cut()
        world.untilLogged(/^moored/, 300)
        const [registeredMs] = asked(world, "register")
        expect(asked(world, "register")).toHaveLength(1)
        expectWithin([asked(world, "poll")[0] - registeredMs], MIN_MS, MIN_MS + 3 * CALL_MS)
    })
})

describe("no answer at all", () => {
    test.each([["DPS"], ["hub"]] as const)("of the socket to %s, seven times in a row, reboots", async to => {
        let muted = ""
        const world = await createWorld({
            image: "main",
            hubs: [HUB],
            answer: host => (host === muted ? "mute" : "accept"),
        })
        if (to === "DPS") muted = DPS
        world.board.powerOn()
        world.untilLogged(to === "DPS" ? /^boot/ : "stable")
        muted = to === "DPS" ? DPS : HUB
        if (to === "hub") world.cloud.hub(HUB).disconnect("board-1")
        world.untilLogged(/^boot/, 3600)
        const silences = world.logged("connect timed out")
        expect(silences).toHaveLength(7)
        const leastMs = 30_000 + (to === "hub" ? HUB_GAP_MS : 1000)
        expectWithin(gaps(silences.map(line => line.atMs)), leastMs, 30_000 + CAP_MS + CALL_MS)
        muted = ""
        world.untilLogged(/^moored/, 60)
        expect(world.board.stats.resets).toBe(1)
    })

    test("to seven registrations in a row reboots too", async () => {
        const world = await oneHub("main")
        world.cloud.faultRules.add({ on: "register", fault: { mute: true } })
        world.untilLogged(/^boot/)
        world.untilLogged(/^boot/, 2 * 3600)
        expect(world.logged("no answer from DPS")).toHaveLength(7)
        const waits = gaps(world.logged("no answer from DPS").map(line => line.atMs))
        expectWithin(waits, 61_000, MIN_MS + CAP_MS + CALL_MS)
    })
})

describe("a hub's CONNACK 5", () => {
    test.each(IMAGES)(
        "once: %s takes a fresh clock and token to the same hub, a minute or two later",
        async image => {
            const world = await moored(image)
            world.cloud.faultRules.add({ on: "connect", service: HUB, times: 1, fault: { connack: 5 } })
            const lostMs = sinceStart(world)
            world.cloud.hub(HUB).disconnect("board-1")
            world.untilLogged(/^moored/, 400)
            const [refused, clock, again] = calls(world, lostMs)
            expect([refused, clock, again].map(({ call }) => call)).toEqual(["hub", "clock", "hub"])
            expectWithin([clock.atMs - refused.atMs], HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
            expectWithin([again.atMs - clock.atMs], 0, CALL_MS)
            expect(world.cloud.counters("board-1").registrations).toBe(1)
        }
    )

    test.each(IMAGES)(
        "twice, the second with a fresh clock: %s registers, a minute or two later",
        async image => {
            const world = await moored(image)
            world.cloud.faultRules.add({ on: "connect", service: HUB, times: 2, fault: { connack: 5 } })
            const lostMs = sinceStart(world)
            world.cloud.hub(HUB).disconnect("board-1")
            world.untilLogged(/^moored/, 600)
            const made = calls(world, lostMs)
            expect(made.map(({ call }) => call)).toEqual(["hub", "clock", "hub", "dps", "hub"])
            expectWithin(gaps(callsOf(world, "hub", lostMs)), HUB_GAP_MS, 2 * HUB_GAP_MS + 10_000)
            expectWithin([made[3].atMs - made[2].atMs], HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
            expect(world.cloud.counters("board-1").registrations).toBe(2)
        }
    )

    test("while no clock can be had is no reason to register, until the window is spent", async () => {
        let down = ""
        const world = await moored("main", { answer: host => (host === down ? "connect" : "accept") })
        world.cloud.faultRules.add({ on: "connect", service: HUB, fault: { connack: 5 } })
        down = DPS
        const lostMs = sinceStart(world)
        world.cloud.hub(HUB).disconnect("board-1")
        world.advanceSec(29 * 60)
        expect(world.logged("registering")).toHaveLength(1)
        expectWithin(gaps(callsOf(world, "hub", lostMs)), 2 * HUB_GAP_MS, 2 * CAP_MS + CALL_MS)
    })

    test("while the network goes: the fresh clock is had once it is back, before the hub is asked again", async () => {
        const world = await moored("main")
        world.cloud.faultRules.add({ on: "connect", service: HUB, times: 1, fault: { connack: 5 } })
        const lostMs = sinceStart(world)
        world.cloud.hub(HUB).disconnect("board-1")
        world.untilLogged("CONNACK 5", 200)
        world.network.available = false
        world.advanceSec(180)
        world.network.available = true
        world.untilLogged(/^moored/, 10)
        expect(calls(world, lostMs).map(({ call }) => call)).toEqual(["hub", "clock", "hub"])
    })

    test("after every registration: clock, registration and then one of each in 10 min or more", async () => {
        const world = await moored("main")
        world.cloud.faultRules.add({ on: "connect", service: HUB, fault: { connack: 5 } })
        world.cloud.hub(HUB).disconnect("board-1")
        world.advanceSec(6 * 3600)
        const registered = asked(world, "register").slice(1)
        expect(registered.length).toBeGreaterThan(12)
        expectWithin(gaps(registered).slice(0, 2), 2 * HUB_GAP_MS, HOUR_MS)
        expectWithin(gaps(registered).slice(2), SLOW_MS, 2 * SLOW_MS + 5 * MIN_MS)
        expectWithin(gaps(callsOf(world, "hub")).slice(1), HUB_GAP_MS, 2 * SLOW_MS + MIN_MS)
    })
})

describe("a hub's CONNACK 3, and one that closes right after CONNACK", () => {
    const BUSY = [
        ["CONNACK 3", { connack: 3 }, "CONNACK 3"],
        ["closed at once", { closeAfterConnackMs: 0 }, "closed after CONNACK"],
        ["closed after 2 s", { closeAfterConnackMs: 2000 }, "closed after CONNACK"],
    ] as const

    test.each(BUSY)(
        "(%s): 5 s at the least, then a minute and more; DPS after the window",
        async (_, fault, said) => {
            const world = await moored("main")
            world.cloud.faultRules.add({ on: "connect", service: HUB, fault })
            const lostMs = sinceStart(world)
            // A warm boot: the first call, and nothing has failed before.
            world.board.powerOff()
            world.board.powerOn()
            world.advanceSec(29 * 60)
            const [first, ...later] = gaps(callsOf(world, "hub", lostMs))
            expectWithin([first], SERVER_ERROR_MS, 2 * HUB_GAP_MS + 2 * CALL_MS)
            expectWithin(later, HUB_GAP_MS, CAP_MS + 2000 + CALL_MS)
            expect(later.length).toBeGreaterThan(4)
            expect(callsOf(world, "dps", lostMs)).toEqual([])
            expect(world.logged(said).length).toBeGreaterThan(5)
            world.untilLogged("registering", 600)
            expectWithin([sinceStart(world) - lostMs], HUB_WINDOW_MS, HUB_WINDOW_MS + CAP_MS + MIN_MS)
        }
    )

    test("backoff is reset by a session of two minutes, and by none that is shorter", async () => {
        const waits = async (heldSec: number) => {
            const world = await moored("main", { settings: { STABLE_SEC: 120, TELEMETRY_SEC: 600 } })
            const closeAfterConnackMs = heldSec * 1000
            world.cloud.faultRules.add({ on: "connect", service: HUB, fault: { closeAfterConnackMs } })
            const lostMs = sinceStart(world)
            world.cloud.hub(HUB).disconnect("board-1")
            // Less than a window.
            world.advanceSec(heldSec < 120 ? 28 * 60 : 3 * 3600)
            return gaps(callsOf(world, "hub", lostMs)).map(ms => ms - closeAfterConnackMs)
        }
        expect(Math.max(...(await waits(100)))).toBeGreaterThan(2 * HUB_GAP_MS + CALL_MS)
        expectWithin(await waits(125), HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
    })
})

describe("a hub that is lost", () => {
    test("is tried again after a minute or two, by both images, without DPS", async () => {
        for (const [image] of IMAGES) {
            const world = await moored(image)
            const lostMs = sinceStart(world)
            world.cloud.hub(HUB).disconnect("board-1")
            world.untilLogged(/^moored/, 200)
            expect(calls(world, lostMs).map(({ call }) => call)).toEqual(["hub"])
            expectWithin([callsOf(world, "hub", lostMs)[0] - lostMs], HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
        }
    })

    test("and handed back dead has its window doubled up to 4 h, and no more", async () => {
        const { world, tries, cut } = await unreachable("main", "connect")
        world.board.powerOn()
        world.untilLogged("stable")
        cut(HUB)
        const lostMs = sinceStart(world)
        world.cloud.hub(HUB).disconnect("board-1")
        world.advanceSec(17 * 3600)
        const registered = asked(world, "register").filter(ms => ms > lostMs)
        const windowsMin = gaps([lostMs, ...registered]).map(ms => ms / MIN_MS)
        expect(windowsMin).toHaveLength(6)
        for (const [i, leastMin] of [30, 60, 120, 240, 240, 240].entries())
            expectWithin([windowsMin[i]], leastMin, leastMin + 7)
        expectWithin(gaps(tries), HUB_GAP_MS, CAP_MS + 10_000)
    })
})

describe("a status lookup", () => {
    type Lookup = (world: FirmwareWorld) => void
    const NEVER: [string, Lookup][] = [
        ["404", () => undefined],
        ["null", ({ cloud }) => (cloud.dps.quirks.lookupUnknown = "null")],
        ["unassigned", ({ cloud }) => answer(cloud, '{"status":"unassigned"}')],
        ["nothing", ({ cloud }) => answer(cloud, "")],
    ]

    function answer({ dps }: FirmwareWorld["cloud"], body: string): void {
        const lookup = dps.lookup.bind(dps)
        dps.lookup = (...request) => ({ ...lookup(...request), status: 200, body })
    }

    test.each(NEVER.flatMap(([name, set]) => IMAGES.map(([image]) => [name, image, set] as const)))(
        "that says %s makes %s register at once",
        async (_, image, set) => {
            const world = await createWorld({ image, hubs: [HUB] })
            set(world)
            world.board.powerOn()
            world.untilLogged(/^moored/, 30)
            expect(calls(world).map(({ call }) => call)).toEqual(["clock", "dps", "hub"])
            const [[lookup], [register]] = [asked(world, "lookup"), asked(world, "register")]
            expectWithin([register - lookup], 0, CALL_MS)
            expect(world.logged("next in")).toEqual([])
        }
    )

    test.each(IMAGES)("that is refused twice leaves %s to the operator: 10 min and more", async image => {
        const world = await oneHub(image)
        world.cloud.faultRules.add({ on: "lookup", fault: { status: 401 } })
        world.advanceSec(2 * 3600)
        const [first, second, ...later] = asked(world, "lookup")
        expectWithin([second - first], 1000, 2000 + 2 * CALL_MS)
        expectWithin(gaps([second, ...later]), SLOW_MS, 2 * SLOW_MS + CALL_MS)
        expect(asked(world, "register")).toEqual([])
    })
})

describe("the user's wish for a new assignment", () => {
    const WISHES: [string, (world: FirmwareWorld) => void][] = [
        [
            "method",
            ({ cloud }) =>
                void cloud.hub(HUB).invokeMethod("board-1", "Reprovision", null, { timeoutMs: 10_000 }),
        ],
        ["message", ({ cloud }) => cloud.hub(HUB).sendToDevice("board-1", "", { command: "reprovision" })],
        ["desired property", ({ cloud }) => cloud.hub(HUB).patchDesired("board-1", { reprovision: 1 })],
        ["button", ({ board }) => board.pressButton(5200)],
    ]

    test.each(WISHES)(
        "by %s: it registers within a minute, once, and is moored at the hub it is given",
        async (how, wish) => {
            const world = await moored("main")
            const wishedMs = sinceStart(world)
            wish(world)
            world.untilLogged(/^moored/, 90)
            world.advanceSec(300)
            expect(
                calls(world, wishedMs)
                    .map(({ call }) => call)
                    .filter(call => call !== "clock")
            ).toEqual(["dps", "hub"])
            expectWithin(
                [callsOf(world, "dps", wishedMs)[0] - wishedMs],
                0,
                how === "button" ? 67_000 : CALL_MS
            )
        }
    )

    test("is lost with the power while it waits: the record stays until another is worth a write", async () => {
        const world = await moored("main")
        world.untilLogged("record kept")
        const writes = world.board.stats.flashWrites
        void world.cloud
            .hub(HUB)
            .invokeMethod("board-1", "Reprovision", { delaySec: 600 }, { timeoutMs: 10_000 })
            .catch(() => undefined)
        world.untilLogged("reprovision asked")
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged(/^moored/, 30)
        world.advanceSec(900)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
        expect(world.board.stats.flashWrites).toBe(writes)
    })
})

describe("a token's renewal", () => {
    const SETTINGS = { TOKEN_DAYS: 1, TELEMETRY_SEC: 3600 }
    const telemetry = (world: FirmwareWorld) =>
        world.cloud.history
            .filter(event => event.kind === "telemetry")
            .map(event => JSON.parse(event.body ?? ""))

    test("loses no telemetry and no message, however often it is sent", async () => {
        const world = await moored("main", { settings: SETTINGS })
        const hub = world.cloud.hub(HUB)
        world.advanceSec(0.69 * 86_400)
        hub.patchDesired("board-1", { telemetrySec: 1 })
        let sent = 0
        // A message waits for the board at each moment, while it is away too.
        while (world.logged("token renewal").length === 0) {
            world.advanceSec(7)
            hub.sendToDevice("board-1", `${++sent}`)
        }
        world.advanceSec(60)
        const before = telemetry(world)
        const uptimes = before.slice(-60).map(({ uptimeSec }) => uptimeSec)
        expect(before.at(-1)?.reconnects).toBe(1)
        expectWithin(gaps(uptimes), 1, 3)
        expect(hub.device("board-1")?.queue).toEqual([])
        expect(sent).toBeGreaterThan(10)
        expect(world.logged("next in")).toEqual([])
    })

    test("that DPS cannot serve keeps the token it has, and comes again before that ends", async () => {
        let down = ""
        const world = await moored("main", {
            settings: SETTINGS,
            answer: host => (host === down ? "connect" : "accept"),
        })
        down = DPS
        world.untilLogged("token renewal", 86_400)
        const renewedMs = sinceStart(world)
        world.untilLogged(/^moored/, 300)
        down = ""
        world.untilLogged("token renewal", 86_400)
        world.advanceSec(60)
        expectWithin([callsOf(world, "hub", renewedMs)[0] - renewedMs], HUB_GAP_MS, 2 * HUB_GAP_MS + CALL_MS)
        expect(world.logged("CONNACK 5")).toEqual([])
        const ends = world.cloud.history.filter(event => event.kind === "disconnect" && event.service === HUB)
        expect(new Set(ends.map(event => event.detail))).toEqual(new Set(["disconnected by the client"]))
    })
})

describe("a wait that DPS asked for", () => {
    test("is not cut short by the planned reboot", async () => {
        const world = await oneHub("maintight")
        world.cloud.faultRules.add({ on: "lookup", fault: { status: 429, retryAfterSec: 80_000 } })
        world.untilLogged("planned reboot", 46 * 86_400)
        world.untilLogged("next in", 60)
        expectWithin(gaps(asked(world, "lookup")), 80_000_000, 101_000_000)
        expect(world.board.stats.resets).toBe(1)
    })
})

describe("the slot of a first registration", () => {
    test("is not waited for by a warm board that must register anew", async () => {
        const world = await createWorld({ image: "main", hubs: [HUB], settings: { SLOT: 5, SLOT_SEC: 60 } })
        world.board.powerOn()
        world.untilLogged("record kept", 600)
        world.board.powerOff()
        world.cloud.faultRules.add({ on: "connect", service: HUB, fault: { connack: 5 } })
        world.board.powerOn()
        const bootMs = sinceStart(world)
        world.untilLogged("registering", 300)
        expectWithin([sinceStart(world) - bootMs], 2 * HUB_GAP_MS, 4 * HUB_GAP_MS + 10_000)
        expect(world.logged("slot in")).toHaveLength(1)
    })
})
