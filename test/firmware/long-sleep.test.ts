// Long sleeps of the VM do not change what a board does.
import { describe, expect, test } from "vitest"
import { mooredHost } from "../helpers/board-calls.js"
import { type FirmwareWorld, createWorld } from "../helpers/firmware-world.js"

const HOUR_SEC = 3600
const IMAGES = ["main", "maintight"] as const
/** The interval at which the runtime asks to wake. */
const SHALLOW_MS = 1000

type ImageName = (typeof IMAGES)[number]

/** Runs a board for four hours with two hub outages and one power cut. Returns what it did, with times. */
async function runFourHours(image: ImageName, sleepMaxMs: number | undefined) {
    let isHubDown = false
    const world = await createWorld({ image, sleepMaxMs, answer: () => (isHubDown ? "connect" : "accept") })
    const { board, clock, startMs, advanceSec } = world
    const seen: string[] = []
    const note = (what: string) => seen.push(`${clock.nowMs() - startMs} ${what}`)
    board.on("log", line => note(line))
    board.on("light", ({ red }) => note(`light ${red}`))
    board.on("panic", ({ code }) => note(`panic ${code}`))
    board.on("programStart", () => note("start"))
    const outage = (sec: number) => {
        isHubDown = true
        world.cloud.hub(mooredHost(world)).disconnect("board-1")
        advanceSec(sec)
        isHubDown = false
    }
    board.powerOn()
    advanceSec(HOUR_SEC)
    outage(90)
    advanceSec(HOUR_SEC)
    outage(1500)
    advanceSec(HOUR_SEC)
    board.powerOff()
    advanceSec(600)
    board.powerOn()
    advanceSec(HOUR_SEC)
    return { seen, world }
}

const telemetry = (world: FirmwareWorld) => world.cloud.history.filter(event => event.kind === "telemetry")

describe("a board that sleeps until something is due", () => {
    test.each(IMAGES)(
        "acts at the same times as a board that wakes every second (image: %s)",
        async image => {
            const deep = await runFourHours(image, undefined)
            const shallow = await runFourHours(image, SHALLOW_MS)
            expect(deep.seen.length).toBeGreaterThan(10)
            expect(deep.seen).toEqual(shallow.seen)
            expect(deep.world.dials).toEqual(shallow.world.dials)
            expect(telemetry(deep.world)).toEqual(telemetry(shallow.world))
            expect(deep.world.board.stats.wakes).toBeLessThan(shallow.world.board.stats.wakes / 2)
        }
    )
})
