import { describe, expect, test } from "vitest"
import { type ProbeBoardOptions, createProbeBoard } from "../../../helpers/probe-board.js"

const HOUR_MS = 3_600_000
const NAP_MS = 3 * HOUR_MS + 123
const SETTINGS = { napMs: NAP_MS, name: "Ada" }

async function napping(options: ProbeBoardOptions = {}) {
    const world = await createProbeBoard("nap", SETTINGS, options)
    const dmesg: string[] = []
    world.board.on("dmesg", line => dmesg.push(line))
    world.board.powerOn()
    world.clock.advance(10_000)
    return { ...world, dmesg }
}

describe("a board whose program waits", () => {
    test("wakes at the same moment, however long it may sleep at once", async () => {
        const logs = [undefined, 60_000, 1000].map(async sleepMaxMs => {
            const { clock, log, board } = await napping({ sleepMaxMs })
            const lines: string[] = []
            board.on("log", line => lines.push(`${clock.nowMs()} ${line}`))
            clock.advance(NAP_MS)
            expect(log).toEqual([expect.stringContaining("woke Ada at")])
            return lines
        })
        const [longest, minute, second] = await Promise.all(logs)
        expect(longest).toEqual(second)
        expect(minute).toEqual(second)
    })

    test("is left alone but once in 30 minutes, with the two turns that an announce takes", async () => {
        const { board, clock } = await napping()
        clock.advance(HOUR_MS)
        const before = board.stats.wakes
        clock.advance(1.5 * HOUR_MS)
        expect(board.stats.wakes - before).toBe(3 * 2)
    })

    test("or has ended: it is left alone as well", async () => {
        const { board, clock, until } = await createProbeBoard("greet")
        board.powerOn()
        until("hello")
        clock.advance(2 * HOUR_MS)
        const before = board.stats.wakes
        clock.advance(1.5 * HOUR_MS)
        expect(board.stats.wakes - before).toBe(3 * 2)
    })

    test("does not forget itself meanwhile", async () => {
        const { clock, dmesg } = await napping()
        clock.advance(NAP_MS)
        expect(dmesg.filter(line => line.startsWith("device created"))).toHaveLength(1)
        expect(dmesg.filter(line => line.startsWith("device destroyed"))).toEqual([])
    })

    test("forgets a button 2 s after it fell silent, and sleeps again", async () => {
        const { board, clock, dmesg } = await napping()
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
