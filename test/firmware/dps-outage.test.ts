// DPS is no single point of failure: a board tries a known hub and DPS in turn while either fails.
import { describe, expect, test } from "vitest"
import {
    CALL_MS,
    connectionsOf,
    connectionTimesMs,
    DPS_HOST,
    elapsedMs,
    expectEachWithin,
    gapsBetween,
    HUB_HOST,
    IMAGES,
    MIN_MS,
    registrationsOf,
    requestTimesMs,
    startOneHubWorld,
    startStableWorld,
} from "../helpers/board-calls.js"
import { createWorld } from "../helpers/firmware-world.js"
import { HUB_GAP_MS, SLOW_MS } from "../../devs/retry/retry-policy"

const RETURN_SEC = 10 * 60
const DAY_SEC = 86_400

/** Starts a board with a stable session. `down` is the set of hosts that cannot be reached. */
async function startWithHosts(
    image: "main" | "maintight",
    failure: "resolve" | "connect",
    registrationId?: string
) {
    const down = new Set<string>()
    const world = await startStableWorld(image, {
        answer: host => (down.has(host) ? failure : "accept"),
        ...(registrationId && { registrationId }),
    })
    if (image === "main") world.untilLogged("record stored")
    return { world, down }
}

describe("a board whose hub returns while DPS is away", () => {
    test.each(IMAGES)("moors within 10 min when DPS cannot be reached (image: %s)", async image => {
        for (const awayMin of [34, 45, 70, 240]) {
            const { world, down } = await startWithHosts(image, "resolve")
            down.add(HUB_HOST).add(DPS_HOST)
            world.cloud.hub(HUB_HOST).disconnect("board-1")
            world.advanceSec(awayMin * 60)
            expect(world.logged(/^moored/)).toHaveLength(1)
            down.delete(HUB_HOST)
            world.untilLogged(/^moored/, RETURN_SEC)
            // DPS stays away. The session lasts.
            world.advanceSec(DAY_SEC / 4)
            expect(world.logged(/^moored/)).toHaveLength(2)
            expect(registrationsOf(world)).toBe(1)
        }
    })

    const ANSWERS = [
        ["503", { on: "register", fault: { status: 503 } }],
        ["429 with retry-after", { on: "register", fault: { status: 429, retryAfterSec: 7200 } }],
        ["401", { on: "register", fault: { status: 401 } }],
        ["CONNACK 3", { on: "connect", service: "dps", fault: { connack: 3 } }],
    ] as const

    test.each(IMAGES.flatMap(([image]) => ANSWERS.map(([name, rule]) => [image, name, rule] as const)))(
        "moors within 10 min (image: %s, answer of DPS: %s)",
        async (image, _, rule) => {
            const { world, down } = await startWithHosts(image, "connect")
            world.cloud.faultRules.add(rule)
            down.add(HUB_HOST)
            const lostMs = elapsedMs(world)
            world.cloud.hub(HUB_HOST).disconnect("board-1")
            world.untilLogged("registering", 40 * 60)
            world.advanceSec(30 * 60)
            // The board did not moor, and tried DPS.
            expect(connectionTimesMs(world, "dps", lostMs).length).toBeGreaterThan(0)
            down.delete(HUB_HOST)
            const returnMs = elapsedMs(world)
            world.untilLogged(/^moored/, RETURN_SEC)
            expectEachWithin([elapsedMs(world) - returnMs], 0, RETURN_SEC * 1000)
        }
    )

    test("waits for the retry-after of DPS while it tries the hub", async () => {
        const { world, down } = await startWithHosts("main", "connect")
        world.cloud.faultRules.add({ on: "register", fault: { status: 429, retryAfterSec: 3600 } })
        down.add(HUB_HOST)
        world.cloud.hub(HUB_HOST).disconnect("board-1")
        const lostMs = elapsedMs(world)
        world.advanceSec(DAY_SEC / 2)
        const dps = connectionTimesMs(world, "dps", lostMs)
        expect(dps.length).toBeGreaterThan(8)
        expectEachWithin(gapsBetween(dps), 3_600_000, 1.25 * 3_600_000 + CALL_MS)
        expect(world.logged("can't connect").length).toBeGreaterThan(100)
        expectEachWithin(
            gapsBetween(world.logged("can't connect").map(line => line.atMs)),
            HUB_GAP_MS,
            6 * MIN_MS
        )
    })
})

describe("a board that its hub refuses by mistake while DPS is away", () => {
    test.each(IMAGES)("moors within 10 min of the end of the refusals (image: %s)", async image => {
        // DPS is away from the start, or after the board has set its clock.
        for (const dpsAwaySec of [0, 3 * 60, 4 * 60]) {
            const { world, down } = await startWithHosts(image, "resolve")
            world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault: { connack: 5 } })
            world.cloud.hub(HUB_HOST).disconnect("board-1")
            world.advanceSec(dpsAwaySec)
            down.add(DPS_HOST)
            world.advanceSec(4 * 60 - dpsAwaySec)
            world.cloud.faultRules.clear()
            world.untilLogged(/^moored/, RETURN_SEC)
        }
    })

    test("tries DPS and the hub in turn when the hub refuses for hours", async () => {
        const { world } = await startWithHosts("main", "connect")
        world.cloud.faultRules.add({ on: "connect", service: HUB_HOST, fault: { connack: 5 } })
        world.cloud.faultRules.add({ on: "register", fault: { status: 503 } })
        const lostMs = elapsedMs(world)
        world.cloud.hub(HUB_HOST).disconnect("board-1")
        world.advanceSec(6 * 3600)
        expectEachWithin(gapsBetween(connectionTimesMs(world, "hub", lostMs)), HUB_GAP_MS, 6 * MIN_MS)
        expect(connectionTimesMs(world, "dps", lostMs).length).toBeGreaterThan(40)
        world.cloud.faultRules.clear()
        world.untilLogged(/^moored/, RETURN_SEC)
    })
})

describe("a board that a user asks to reprovision while DPS fails", () => {
    const ANSWERS = [
        ["429", { on: "register", fault: { status: 429 } }],
        ["429 with retry-after", { on: "register", fault: { status: 429, retryAfterSec: 3600 } }],
        ["500", { on: "register", fault: { status: 500 } }],
        ["CONNACK 3", { on: "connect", service: "dps", fault: { connack: 3 } }],
        ["none", { on: "connect", service: "dps", fault: { close: true } }],
    ] as const

    test.each(IMAGES.flatMap(([image]) => ANSWERS.map(([name, rule]) => [image, name, rule] as const)))(
        "returns to its hub within 5 min and repeats the request later (image: %s, answer of DPS: %s)",
        async (image, _, rule) => {
            const world = await startStableWorld(image)
            world.cloud.faultRules.add(rule)
            const requestMs = elapsedMs(world)
            const answer = world.cloud
                .hub(HUB_HOST)
                .invokeMethod("board-1", "Reprovision", null, { timeoutMs: 10_000 })
            world.untilLogged(/^moored/, 5 * 60)
            expect((await answer).status).toBe(202)
            world.advanceSec(4 * 3600)
            const tried = connectionTimesMs(world, "dps", requestMs)
            expect(tried.length).toBeGreaterThan(2)
            expectEachWithin(gapsBetween(tried), SLOW_MS, 1.25 * 3_600_000 + CALL_MS)
            world.cloud.faultRules.clear()
            world.untilLogged(`assigned ${HUB_HOST}`, 5000)
            world.untilLogged(/^moored/, 5 * 60)
            // The request is done. The board does not register again.
            const registrations = registrationsOf(world)
            world.advanceSec(DAY_SEC / 2)
            expect(registrationsOf(world)).toBe(registrations)
            expect(world.board.stats.resets).toBe(0)
        }
    )

    test("has a session for most of the time while DPS fails for a day", async () => {
        const world = await startStableWorld("main", { settings: { TELEMETRY_SEC: 60 } })
        world.cloud.faultRules.add({ on: "register", fault: { status: 503 } })
        world.cloud.hub(HUB_HOST).sendToDevice("board-1", "", { command: "reprovision" })
        const sent = () => world.cloud.history.filter(event => event.kind === "telemetry").length
        const before = sent()
        world.advanceSec(DAY_SEC)
        expect(sent() - before).toBeGreaterThan(0.85 * 1440)
    })
})

describe("a blank board", () => {
    test("registers with three handshakes and without a lookup (full image)", async () => {
        const world = await startOneHubWorld("main")
        world.untilLogged(/^moored/, 30)
        expect(connectionsOf(world).map(({ kind }) => kind)).toEqual(["clock", "dps", "hub"])
        expect(world.board.stats.boot.tlsHandshakes).toBe(3)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: 0 })
    })

    test.each(
        IMAGES.flatMap(([image]) => [401, 403, 404, 429, 500, 503].map(status => [image, status] as const))
    )(
        "registers once when DPS answers every lookup with an error (image: %s, status: %i)",
        async (image, status) => {
            const world = await createWorld({ image, hubs: [HUB_HOST] })
            world.cloud.faultRules.add({ on: "lookup", fault: { status } })
            world.board.powerOn()
            world.untilLogged(/^moored/, 300)
            world.advanceSec(3600)
            expect(registrationsOf(world)).toBe(1)
            expect(requestTimesMs(world, "lookup").length).toBeLessThanOrEqual(image === "main" ? 0 : 2)
        }
    )
})

describe("boards whose own uplink is down", () => {
    test.each(IMAGES)("return to their hub without a registration after 40 min (image: %s)", async image => {
        for (let board = 1; board <= 8; board++) {
            const id = `board-${board}`
            const { world, down } = await startWithHosts(image, "resolve", id)
            for (const awayMin of [40, 35 + board]) {
                const before = world.logged(/^moored/).length
                down.add(HUB_HOST).add(DPS_HOST)
                world.cloud.hub(HUB_HOST).disconnect(id)
                world.advanceSec(awayMin * 60)
                expect(world.logged(/^moored/)).toHaveLength(before)
                down.clear()
                world.untilLogged(/^moored/, RETURN_SEC)
                world.advanceSec(30)
                expect(world.cloud.counters(id).registrations).toBe(1)
            }
        }
    })
})
