// 60 days of board time, with a token renewal and a hub outage every day.
import { beforeAll, describe, expect, test } from "vitest"
import { mooredHost } from "../helpers/board-calls.js"
import { type EnduranceResult, runEndurance, randomWithFirstBytes } from "../helpers/endurance-run.js"
import { createWorld } from "../helpers/firmware-world.js"

const DAY_SEC = 86_400
/** Time limit of a run, for a slow and busy machine. */
const LIMIT_MS = 300_000
/** So small that the twin of the last test crashes the full image. */
const HEAP_BYTES = 14 * 1024

// An uptime of 2^31 ms is day 24.9, within both runs. 2^32 ms is day 49.7, when the board has already rebooted.
describe.each([
    { image: "main", reboot: "latest", day: 44, flashWrites: 1 },
    { image: "maintight", reboot: "earliest", day: 30, flashWrites: 0 },
] as const)(
    "the image $image in 60 days with the $reboot possible planned reboot",
    ({ image, reboot, day, flashWrites }) => {
        let seen: EnduranceResult
        beforeAll(async () => {
            seen = await runEndurance({ image, days: 60, telemetrySec: 600, reboot })
        }, LIMIT_MS)

        test(`reboots once, on day ${day}`, () => {
            expect(seen.panics).toBe(0)
            expect(seen.rebootDays).toHaveLength(1)
            expect(seen.rebootDays[0]).toBeGreaterThanOrEqual(day)
            expect(seen.rebootDays[0]).toBeLessThan(day + 0.01)
        })

        test("uses as much heap around day 30 and in the last days as in the first days", () => {
            // One day depends on the time of the last garbage collection. The minimum of ten days does not.
            const minimumFrom = (day: number) =>
                Math.min(...Array.from({ length: 10 }, (_, i) => seen.heapBytes.get(day + i) ?? NaN))
            const [first, later, last] = [minimumFrom(1), minimumFrom(26), minimumFrom(51)]
            expect(first).toBeGreaterThan(1024)
            expect(Math.abs(later - first)).toBeLessThan(512)
            expect(Math.abs(last - first)).toBeLessThan(512)
        })

        test(`registers once and writes flash ${flashWrites} time(s)`, () => {
            expect(seen).toMatchObject({ registrations: 1, flashWrites })
        })

        test("sends no message of a session early or late by more than two ticks of the main loop", () => {
            expect(seen.messages).toBeGreaterThan(60 * 140)
            expect(seen.earliestMs).toBeGreaterThanOrEqual(-20)
            expect(seen.latestMs).toBeLessThanOrEqual(20)
        })

        test("keeps its wall clock and its uptime within 2 s of the true values", () => {
            expect(seen.tokens).toBeGreaterThan(60)
            expect(Math.abs(seen.clockErrorSec)).toBeLessThan(2)
            expect(Math.abs(seen.uptimeErrorSec)).toBeLessThan(2)
        })

        test("reconnects within 5 min after each outage of 10 min", () => {
            expect(seen.recoverySec).toBeLessThanOrEqual(301)
        })
    }
)

test(
    "a board that was restarted after a crash on day 43 still reboots as planned by day 45",
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
