// The life of the SAS token: renewal in time, and an expired token.
import { describe, expect, test } from "vitest"
import { HUB_GAP_MS } from "../../devs/retry/retry-policy"
import {
    bootUntilStable,
    CALL_MS,
    connectionTimesMs,
    DPS_HOST,
    elapsedMs,
    expectEachWithin,
    gapsBetween,
    HUB_HOST,
    registrationsOf,
    startStableWorld,
} from "../helpers/board-calls.js"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"
const DAY_SEC = 86_400

describe("a board whose token nears or passes its expiry", () => {
    test("reconnects with a new token at 70 to 85 % of the token's life", async () => {
        const world = await createWorld({ image: "main", settings: { TOKEN_DAYS: 1, TELEMETRY_SEC: 3600 } })
        const host = bootUntilStable(world)
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
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: 0 })
        // No write is needed: the expiry moved by less than 60 days.
        expect(world.logged("record stored")).toHaveLength(mooredSec.length)
    })

    test("sets its clock and does not register when the token expires during a session", async () => {
        const world = await createWorld({ image: "main", settings: { TOKEN_DAYS: 1, TELEMETRY_SEC: 3600 } })
        const host = bootUntilStable(world)
        world.board.powerOff()
        world.advanceSec(0.8 * DAY_SEC)
        // A board that boots with a record does not know the time, so it cannot know when its token expires.
        bootUntilStable(world)
        world.advanceSec(0.3 * DAY_SEC)
        const ends = world.cloud.history.filter(
            event => event.kind === "disconnect" && event.service === host
        )
        expect(ends.map(event => event.detail)).toContain("token expired")
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: 0 })
    })

    test("sets its clock and does not register when the token expired while the board was off", async () => {
        const world = await createWorld({ image: "main" })
        bootUntilStable(world)
        world.board.powerOff()
        world.advanceSec(100 * DAY_SEC)
        bootUntilStable(world)
        expect(world.logged("CONNACK 5")).toHaveLength(1)
        expect(registrationsOf(world)).toBe(1)
        // The new expiry is stored, because it is 100 days later.
        world.board.powerOff()
        const connects = world.dials.length
        bootUntilStable(world)
        expect(world.dials.length - connects).toBe(1)
    })
})

describe("a board that renews its token", () => {
    const SETTINGS = { TOKEN_DAYS: 1, TELEMETRY_SEC: 3600 }
    const telemetry = (world: FirmwareWorld) =>
        world.cloud.history
            .filter(event => event.kind === "telemetry")
            .map(event => JSON.parse(event.body ?? ""))

    test("loses no telemetry and no message", async () => {
        const world = await startStableWorld("main", { settings: SETTINGS })
        const hub = world.cloud.hub(HUB_HOST)
        world.advanceSec(0.69 * 86_400)
        hub.patchDesired("board-1", { telemetrySec: 1 })
        let sent = 0
        // A message is always waiting for the board, also while the board is not connected.
        while (world.logged("token renewal").length === 0) {
            world.advanceSec(7)
            hub.sendToDevice("board-1", `${++sent}`)
        }
        world.advanceSec(60)
        const before = telemetry(world)
        const uptimes = before.slice(-60).map(({ uptimeSec }) => uptimeSec)
        expect(before.at(-1)?.reconnects).toBe(1)
        expectEachWithin(gapsBetween(uptimes), 1, 3)
        expect(hub.device("board-1")?.undelivered).toEqual([])
        expect(sent).toBeGreaterThan(10)
        expect(world.logged("next in")).toEqual([])
    })

    test("keeps its old token when DPS is unreachable and tries again before the expiry", async () => {
        let down = ""
        const world = await startStableWorld("main", {
            settings: SETTINGS,
            answer: host => (host === down ? "connect" : "accept"),
        })
        down = DPS_HOST
        world.untilLogged("token renewal", 86_400)
        const renewedMs = elapsedMs(world)
        world.untilLogged(/^moored/, 300)
        down = ""
        world.untilLogged("token renewal", 86_400)
        world.advanceSec(60)
        expectEachWithin(
            [connectionTimesMs(world, "hub", renewedMs)[0] - renewedMs],
            HUB_GAP_MS,
            2 * HUB_GAP_MS + CALL_MS
        )
        expect(world.logged("CONNACK 5")).toEqual([])
        const ends = world.cloud.history.filter(
            event => event.kind === "disconnect" && event.service === HUB_HOST
        )
        expect(new Set(ends.map(event => event.detail))).toEqual(new Set(["disconnected by the client"]))
    })
})
