// Crashes, resets and the GC heap of a board in the VM.
import { describe, expect, test } from "vitest"
import { TLS_PEER, createProbeBoard } from "../../helpers/probe-board.js"

const KB40 = 40 * 1024

describe("a program that crashes or restarts", () => {
    test("is counted after an exhausted heap, and restarted by the runtime 5 s later", async () => {
        const { board, clock, log } = await createProbeBoard("fillHeap", { blocks: 70 })
        const panics: { code: number | "abort"; atMs: number }[] = []
        const starts: number[] = []
        board.on("panic", ({ code }) => panics.push({ code, atMs: clock.nowMs() }))
        board.on("programStart", () => starts.push(clock.nowMs()))
        board.powerOn()
        clock.advanceUntil(() => starts.length === 2, 20_000)
        expect(panics.map(({ code }) => code)).toEqual([60004])
        const pauseMs = (starts[1] as number) - (panics[0]?.atMs as number)
        expect(pauseMs).toBeGreaterThanOrEqual(5000)
        expect(pauseMs).toBeLessThan(5500)
        expect(board.stats).toMatchObject({
            panics: 1,
            panicCodes: [60004],
            boots: 1,
            programStarts: 2,
            resets: 0,
        })
        expect(log.join("\n")).toContain("devs: OOM")
    })

    test("logs the trace of an uncaught exception without the messages of the runtime", async () => {
        const { board, clock, log } = await createProbeBoard("throw")
        board.powerOn()
        clock.advanceUntil(() => board.stats.panics === 1, 20_000)
        expect(board.stats.panicCodes).toEqual([60005])
        expect(log).toContain(" message: as asked")
        expect(log.some(line => /^ at act_F\d+/.test(line))).toBe(true)
        expect(log.join("\n")).not.toMatch(/DevS-SHA256|flash sync|fstor:|GPIO:|\* start/)
    })

    test("does not count as a panic when it requested the restart", async () => {
        const { board, clock } = await createProbeBoard("restart")
        board.powerOn()
        clock.advanceUntil(() => board.stats.programStarts === 2, 20_000)
        expect(board.stats).toMatchObject({ restarts: 1, panics: 0, resets: 0, boots: 1, programStarts: 2 })
    })
})

describe("a chip that resets", () => {
    test("boots again with its flash after ds.reboot()", async () => {
        const { board, clock } = await createProbeBoard("reboot", { name: "x" })
        const reasons: string[] = []
        board.on("reset", ({ reason }) => reasons.push(reason))
        board.powerOn()
        clock.advanceUntil(() => board.stats.boots === 3, 20_000)
        expect(reasons).toEqual(["program", "program"])
        expect(board.stats).toMatchObject({ resets: 2, panics: 0, powerOns: 1 })
    })

    test("counts a panic and a reset after an abort of the runtime", async () => {
        const { board, clock, log } = await createProbeBoard("abort")
        const reasons: string[] = []
        board.on("reset", ({ reason }) => reasons.push(reason))
        board.powerOn()
        clock.advanceUntil(() => reasons.length === 1, 20_000)
        expect(log).toContain("digest threw")
        expect(reasons).toEqual(["abort"])
        expect(board.stats).toMatchObject({ panics: 1, panicCodes: ["abort"], resets: 1 })
    })

    test("resets by the button only when the board is on", async () => {
        const { board, until } = await createProbeBoard("greet")
        board.reset()
        expect(board.stats.resets).toBe(0)
        board.powerOn()
        until("hello")
        board.reset()
        expect(board.stats).toMatchObject({ resets: 1, boots: 2, powerOns: 1 })
        expect(board.stats.boot.programStarts).toBe(0)
    })

    test("fails an assertion in sock.c after a TLS write of 4096 bytes, but not of 4095 bytes", async () => {
        const fits = await createProbeBoard("send-big", { peer: TLS_PEER, size: 4095 })
        fits.board.powerOn()
        fits.until("sent")
        expect(fits.board.stats).toMatchObject({ panics: 0, bytesSent: 4095 })
        const trips = await createProbeBoard("send-big", { peer: TLS_PEER, size: 4096 })
        trips.board.powerOn()
        trips.clock.advanceUntil(() => trips.board.stats.resets === 1, 20_000)
        expect(trips.board.stats).toMatchObject({ panicCodes: ["abort"], resets: 1, bytesSent: 0 })
    })
})

describe("the GC heap", () => {
    test("of an S2 is smaller: 45 KB fit into 64 KB but not into 40 KB", async () => {
        const large = await createProbeBoard("fillHeap", { blocks: 45 })
        large.board.powerOn()
        large.until("kept 45")
        const small = await createProbeBoard("fillHeap", { blocks: 45 }, { heapBytes: KB40 })
        small.board.powerOn()
        small.clock.advanceUntil(() => small.board.stats.panics > 0, 20_000)
        expect(small.board.stats.panicCodes).toEqual([60004])
        expect(small.log.join("\n")).toMatch(/stats: \d+ objects, 3\d{4} B used/)
    })

    test("can be set to the byte, so that a benchmark can find the smallest possible heap", async () => {
        const kept = async (heapBytes: number) => {
            const { board, clock, log } = await createProbeBoard("fillHeap", { blocks: 30 }, { heapBytes })
            board.powerOn()
            clock.advanceUntil(() => board.stats.panics > 0 || log.includes("kept 30"), 20_000)
            return log.includes("kept 30")
        }
        let tooSmall = 30_000
        let enough = 40_000
        while (enough - tooSmall > 4) {
            const middle = Math.floor((tooSmall + enough) / 8) * 4
            if (await kept(middle)) enough = middle
            else tooSmall = middle
        }
        expect(enough).toBeGreaterThan(30_000)
        expect(enough).toBeLessThan(40_000)
        await expect(kept(65_540)).rejects.toThrow(
            /heapBytes is 65540 and must be an integer from 1024 to 65536/
        )
    })

    test("is measured, and its peak includes what the program holds", async () => {
        const { board, until, clock } = await createProbeBoard("fillHeap", { blocks: 20 })
        board.powerOn()
        until("kept 20")
        clock.advance(100)
        expect(board.stats.heapPeakBytes).toBeGreaterThan(20 * 1012)
        expect(board.stats.heapPeakBytes).toBeLessThan(30_000)
        expect(board.stats.boot.heapPeakBytes).toBe(board.stats.heapPeakBytes)
    })

    test("is not measured when measuring is disabled", async () => {
        const { board, until } = await createProbeBoard("greet", {}, { measureHeap: false })
        board.powerOn()
        until("hello")
        expect(board.stats.heapPeakBytes).toBe(0)
    })
})
