// How rarely a sleeping board wakes.
import { describe, expect, test } from "vitest"
import { type ProbeBoardOptions, createProbeBoard } from "../../../helpers/probe-board.js"

const HOUR_MS = 3_600_000
const SLEEP_MS = 3 * HOUR_MS + 123
const SETTINGS = { napMs: SLEEP_MS, name: "Ada" }

async function startSleepingBoard(options: ProbeBoardOptions = {}) {
    const world = await createProbeBoard("nap", SETTINGS, options)
    const dmesg: string[] = []
    world.board.on("dmesg", line => dmesg.push(line))
    world.board.powerOn()
    world.clock.advance(10_000)
    return { ...world, dmesg }
}

describe("a board whose program waits", () => {
    test("wakes at the same time for every sleep limit", async () => {
        const logs = [undefined, 60_000, 1000].map(async sleepMaxMs => {
            const { clock, log, board } = await startSleepingBoard({ sleepMaxMs })
            const lines: string[] = []
            board.on("log", line => lines.push(`${clock.nowMs()} ${line}`))
            clock.advance(SLEEP_MS)
            expect(log).toEqual([expect.stringContaining("woke Ada at")])
            return lines
        })
        const [longest, minute, second] = await Promise.all(logs)
        expect(longest).toEqual(second)
        expect(minute).toEqual(second)
    })

    test("wakes only once in 30 min, for the two turns of an announcement", async () => {
        const { board, clock } = await startSleepingBoard()
        clock.advance(HOUR_MS)
        const before = board.stats.wakes
        clock.advance(1.5 * HOUR_MS)
        expect(board.stats.wakes - before).toBe(3 * 2)
    })

    test("wakes as rarely when its program has ended", async () => {
        const { board, clock, until } = await createProbeBoard("greet")
        board.powerOn()
        until("hello")
        clock.advance(2 * HOUR_MS)
        const before = board.stats.wakes
        clock.advance(1.5 * HOUR_MS)
        expect(board.stats.wakes - before).toBe(3 * 2)
    })

    test("keeps its own device entry while it sleeps", async () => {
        const { clock, dmesg } = await startSleepingBoard()
        clock.advance(SLEEP_MS)
        expect(dmesg.filter(line => line.startsWith("device created"))).toHaveLength(1)
        expect(dmesg.filter(line => line.startsWith("device destroyed"))).toEqual([])
    })

    test("forgets a button 2 s after its last announcement, and sleeps again", async () => {
        const { board, clock, dmesg } = await startSleepingBoard()
        clock.advance(HOUR_MS)
        board.pressButton(1000)
        clock.advance(5000)
        expect(dmesg.filter(line => line.startsWith("device created"))).toHaveLength(2)
        expect(dmesg.filter(line => line.startsWith("device destroyed"))).toHaveLength(1)
        const before = board.stats.wakes
        clock.advance(60_000)
        expect(board.stats.wakes).toBe(before)
    })
})
