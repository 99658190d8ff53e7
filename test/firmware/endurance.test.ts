// What only weeks show: 60 days of board time, the token renewed daily, the hub away once a day.
import { beforeAll, describe, expect, test } from "vitest"
import { mooredHost } from "../helpers/board-calls.js"
import { type EnduranceResult, runEndurance, randomWithFirstBytes } from "../helpers/endurance-run.js"
import { createWorld } from "../helpers/firmware-world.js"

const DAY_SEC = 86_400
/** Wall time that a run may take on a slow machine; most of it is spent waiting for the CPU. */
const LIMIT_MS = 300_000
/** Little enough for the document below to kill the full image. */
const HEAP_BYTES = 14 * 1024

// 2^31 ms of uptime are day 24.9, inside both; 2^32 ms are day 49.7: the board has rebooted by then.
describe.each([
    { image: "main", reboot: "latest", day: 44, flashWrites: 1 },
    { image: "maintight", reboot: "earliest", day: 30, flashWrites: 0 },
] as const)("60 days of $image, its planned reboot the $reboot", ({ image, reboot, day, flashWrites }) => {
    let seen: EnduranceResult
    beforeAll(async () => {
        seen = await runEndurance({ image, days: 60, telemetrySec: 600, reboot })
    }, LIMIT_MS)

    test(`make it reboot on day ${day} as planned, and at no other time`, () => {
        expect(seen.panics).toBe(0)
        expect(seen.rebootDays).toHaveLength(1)
        expect(seen.rebootDays[0]).toBeGreaterThanOrEqual(day)
        expect(seen.rebootDays[0]).toBeLessThan(day + 0.01)
    })

    test("leave as much heap in use around day 30, and in the last days, as in the first", () => {
        // What one day shows depends on when its garbage was collected last; the least of ten does not.
        const leastFrom = (day: number) =>
            Math.min(...Array.from({ length: 10 }, (_, i) => seen.heapBytes.get(day + i) ?? NaN))
        const [first, later, last] = [leastFrom(1), leastFrom(26), leastFrom(51)]
        expect(first).toBeGreaterThan(1024)
        expect(Math.abs(later - first)).toBeLessThan(512)
        expect(Math.abs(last - first)).toBeLessThan(512)
    })

    test(`cost one registration and ${flashWrites} flash writes`, () => {
        expect(seen).toMatchObject({ registrations: 1, flashWrites })
    })

    test("make no message of a session early or late by more than two ticks of the main loop", () => {
        expect(seen.messages).toBeGreaterThan(60 * 140)
        expect(seen.earliestMs).toBeGreaterThanOrEqual(-20)
        expect(seen.latestMs).toBeLessThanOrEqual(20)
    })

    test("leave its wall clock, by a new token each day, and its uptime within 2 s of the true ones", () => {
        expect(seen.tokens).toBeGreaterThan(60)
        expect(Math.abs(seen.clockErrorSec)).toBeLessThan(2)
        expect(Math.abs(seen.uptimeErrorSec)).toBeLessThan(2)
    })

    test("end each outage of 10 min within 5 min more: the cap of the backoff", () => {
        expect(seen.recoverySec).toBeLessThanOrEqual(301)
    })
})

test(
    "a program that died on day 43 and was started again is rebooted by day 45 all the same, since uptime went on",
    async () => {
        const settings = { TELEMETRY_SEC: 86_400 }
        const world = await createWorld({
            image: "main",
            heapBytes: HEAP_BYTES,
            random: randomWithFirstBytes(0xff),
            settings,
        })
        world.board.powerOn()
        world.untilLogged("stable")
        world.advanceSec(43 * DAY_SEC)
        const hub = world.cloud.hub(mooredHost(world))
        hub.patchDesired("board-1", { a: Array.from({ length: 400 }, () => []) })
        world.untilLogged("restarted after a panic")
        hub.patchDesired("board-1", { a: null })
        world.untilLogged("planned reboot", 2.1 * DAY_SEC)
        expect(world.board.stats.resets).toBe(1)
        expect((world.clock.nowMs() - world.startMs) / 1000 / DAY_SEC).toBeLessThan(45.01)
    },
    LIMIT_MS
)
