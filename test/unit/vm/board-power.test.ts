// Boot, power cuts and flash of a board in the VM.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileFlash, memoryFlash, readProgram, readSettings } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { createProbeBoard } from "../../helpers/probe-board.js"

describe("a board with power cuts", () => {
    test("boots its program from flash and emits events", async () => {
        const { board, until } = await createProbeBoard("greet", { name: "Ada" })
        const seen: string[] = []
        board.on("powerOn", () => seen.push("powerOn"))
        board.on("programStart", () => seen.push("programStart"))
        board.on("powerOff", () => seen.push("powerOff"))
        board.powerOn()
        until("hello Ada")
        board.powerOff()
        expect(seen).toEqual(["powerOn", "programStart", "powerOff"])
        expect(board.stats).toMatchObject({ powerOns: 1, boots: 1, resets: 0, programStarts: 1, panics: 0 })
    })

    test("has a device identifier of its own in the form of the ESP32", async () => {
        const one = await createProbeBoard("greet", {}, { id: "one" })
        const two = await createProbeBoard("greet", {}, { id: "two", deviceId: "fe00112233445566" })
        for (const { board, until } of [one, two]) {
            board.powerOn()
            until("hello")
        }
        expect(one.board.deviceId).toMatch(/^fe[0-9a-f]{12}ff$/)
        expect(one.log.join("\n")).toContain(one.board.deviceId)
        expect(two.log.join("\n")).toContain("fe00112233445566")
        await expect(createProbeBoard("greet", {}, { deviceId: "board-1" })).rejects.toThrow(
            /16 lower-case hex digits/
        )
    })

    test("keeps only what the program wrote to flash", async () => {
        const { board, clock, until } = await createProbeBoard("boots")
        for (const boot of ["boot 1", "boot 2", "boot 3"]) {
            board.powerOn()
            until(boot)
            board.powerOff()
        }
        expect(readSettings(board.flash).boots).toBe(3)
        expect(board.stats).toMatchObject({ powerOns: 3, boots: 3, flashWrites: 3 })
        expect(clock.nextAtMs()).toBeUndefined()
    })

    test("keeps its flash in a file for the next process", async () => {
        const dir = mkdtempSync(join(tmpdir(), "moorage-flash-"))
        try {
            const path = join(dir, "board.bin")
            const first = await createProbeBoard("boots", {}, { flash: fileFlash(path) })
            first.board.powerOn()
            first.until("boot 1")
            first.board.powerOff()
            const second = await createProbeBoard("boots", {}, { flash: fileFlash(path) })
            second.board.powerOn()
            second.until("boot 2")
            expect(() => fileFlash(path, 32)).toThrow(/Check the file and the board profile/)
        } finally {
            rmSync(dir, { recursive: true })
        }
    })

    test("does not write a program again that is in the flash", async () => {
        const { board } = await createProbeBoard("greet")
        const again = await createProbeBoard("greet", {}, { flash: board.flash })
        const image = again.board.flash.load()
        expect(Buffer.compare(image, board.flash.load())).toBe(0)
        expect(memoryFlash().bytes).toBe(image.length)
        expect(readProgram(board.flash)?.length).toBeGreaterThan(1000)
    })

    test("does not change a clone of its flash", async () => {
        const flash = memoryFlash()
        const first = await createProbeBoard("boots", {}, { flash })
        const second = await createProbeBoard("boots", {}, { flash: flash.clone() })
        first.board.powerOn()
        first.until("boot 1")
        expect(readSettings(first.board.flash).boots).toBe(1)
        expect(readSettings(second.board.flash).boots).toBeUndefined()
    })

    test("logs and stores nothing more when a listener cuts its power", async () => {
        const { board, clock, log } = await createProbeBoard("boots")
        board.on("programStart", () => board.powerOff())
        board.powerOn()
        clock.advance(30_000)
        expect(log).toEqual([])
        expect(board.stats.flashWrites).toBe(0)
        expect(clock.nextAtMs()).toBeUndefined()
    })
})

describe("a board with its own clock and random source", () => {
    const timed = async (seed: number) => {
        const { board, clock, until } = await createProbeBoard("greet", { name: "Ada" }, { seed })
        const lines: string[] = []
        board.on("dmesg", line => lines.push(`${clock.nowMs()} ${line}`))
        board.powerOn()
        until("chance")
        return lines.join("\n")
    }

    test("logs the same at the same times for the same seed, and something else for another seed", async () => {
        const first = await timed(1)
        expect(first).toContain("chance")
        expect(await timed(1)).toBe(first)
        expect(await timed(2)).not.toBe(first)
    })

    test("does nothing while its clock stands still", async () => {
        const { board, clock, log } = await createProbeBoard("greet")
        board.powerOn()
        clock.advance(1000)
        expect(log).toEqual([])
        clock.advance(1000)
        expect(log[0]).toContain("hello")
    })
})
