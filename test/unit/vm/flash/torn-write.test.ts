// Power failures inside a flash write: the steps of a write by the runtime's settings store, and a board that fails.
import {
    type Flash,
    type FlashStep,
    flashSteps,
    memoryFlash,
    readProgram,
    readSettings,
    tornImage,
    writeProgram,
    writeSettings,
} from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { FLASH_PAGE_BYTES } from "../../../../tools/vm/flash/flash-memory.js"
import { createProbeBoard } from "../../../helpers/probe-board.js"
import { fillWithStaleValues } from "../../../helpers/fill-store.js"

interface FlashWrite {
    before: Uint8Array
    after: Uint8Array
}

/** Returns the write of `settings` to a flash that holds another setting. */
function writeOfSettings(settings: Record<string, unknown>): FlashWrite {
    const flash = memoryFlash()
    writeSettings(flash, { one: 1 })
    const before = Uint8Array.from(flash.load())
    writeSettings(flash, settings)
    return { before, after: Uint8Array.from(flash.load()) }
}

/** Returns a board whose program writes one setting at each boot, with its recorded writes. */
async function createBootCounter() {
    const writes: FlashWrite[] = []
    const { board, clock } = await createProbeBoard(
        "boots",
        {},
        { tear: (before, after) => void writes.push({ before, after }) }
    )
    return {
        flash: board.flash,
        /** Boots once and returns the steps of each write. */
        boot(): FlashStep[][] {
            const from = writes.length
            board.powerOn()
            clock.advance(3000)
            board.powerOff()
            return writes.slice(from).map(({ before, after }) => flashSteps(before, after))
        },
        writes,
    }
}

/** Returns the kinds of the steps in order, without successive duplicates. */
const kindsOf = (steps: FlashStep[]) =>
    steps.map(step => step.what).filter((what, i, all) => what !== all[i - 1])

describe("the steps of a flash write", () => {
    test("write the words of the value in ascending order, then the six words of the entry", () => {
        const { before, after } = writeOfSettings({ two: "abcdefghij" })
        const steps = flashSteps(before, after)
        const [value, entry] = [steps.slice(0, 3), steps.slice(3)]
        expect(kindsOf(value)).toEqual(["value"])
        expect(Buffer.concat(value.map(step => step.bytes)).toString()).toBe('"abcdefghij"')
        expect(kindsOf(entry)).toEqual(["entry"])
        expect(entry).toHaveLength(6)
        for (const part of [value, entry])
            expect(part.map(step => step.at)).toEqual(part.map((_, i) => (part[0]?.at ?? 0) + 4 * i))
    })

    test("of a garbage collection erase the other bank if needed, fill it, and write its header last", async () => {
        const { flash, boot } = await createBootCounter()
        const erased: number[][] = []
        for (let i = 0; i < 3; i++) {
            fillWithStaleValues(flash)
            const [collection, append] = boot() as [FlashStep[], FlashStep[]]
            const pages = collection.filter(step => step.what === "erase")
            erased.push(pages.map(step => step.at / FLASH_PAGE_BYTES))
            expect(kindsOf(collection).join(" ")).toMatch(/^(erase )?(entry )?(value entry )+header$/)
            expect(kindsOf(append)).toEqual(["value", "entry"])
        }
        expect(erased).toEqual([[], [0, 1, 2, 3], [4, 5, 6, 7]])
    })

    test("of a format erase the first bank and write its header", async () => {
        const { flash, boot, writes } = await createBootCounter()
        boot()
        const { before, after } = writes[0] as FlashWrite
        flash.save(tornImage(before, after, 3))
        expect(boot().map(kindsOf)).toEqual([["erase", "header"]])
    })

    test("lead from the image before to the image after, and are empty between equal images", () => {
        const { before, after } = writeOfSettings({ two: 2 })
        const count = flashSteps(before, after).length
        expect(Buffer.compare(tornImage(before, after, 0), before)).toBe(0)
        expect(Buffer.compare(tornImage(before, after, count), after)).toBe(0)
        expect(flashSteps(after, after)).toEqual([])
    })

    test("are refused for a change that the settings store does not make, such as a deployment", async () => {
        const { board } = await createProbeBoard("greet")
        const flash = memoryFlash()
        writeProgram(flash, readProgram(board.flash) as Uint8Array)
        expect(() => flashSteps(memoryFlash().load(), flash.load())).toThrow(
            /not a write of the settings store/
        )
    })
})

describe("a board", () => {
    test("is off after a power failure inside a write, and its flash has the words written so far", async () => {
        let left: Uint8Array | undefined
        const { board, clock } = await createProbeBoard(
            "boots",
            {},
            { tear: (before, after) => (left = tornImage(before, after, 5)) }
        )
        board.powerOn()
        clock.advance(60_000)
        expect(board.isOn).toBe(false)
        expect(clock.nextAtMs()).toBeUndefined()
        expect(Buffer.compare(board.flash.load(), left as Uint8Array)).toBe(0)
        expect(board.stats).toMatchObject({ flashWrites: 1, resets: 0, panics: 0 })
    })

    test("keeps what it wrote when power does not fail", async () => {
        const { board, until } = await createProbeBoard("boots", {}, { tear: () => undefined })
        board.powerOn()
        until("boot 1")
        expect(readSettings(board.flash).boots).toBe(1)
    })

    test("reads the content of its flash, not what it intended to write", async () => {
        const inner = memoryFlash()
        let ignoresWrites = false
        const flash: Flash = {
            bytes: inner.bytes,
            load: () => inner.load(),
            save: image => (ignoresWrites ? 0 : inner.save(image)),
        }
        const { board, clock, until, log } = await createProbeBoard("boots", {}, { flash })
        ignoresWrites = true
        for (let start = 0; start < 2; start++) {
            board.powerOn()
            until("boot 1")
            board.powerOff()
            clock.advance(1000)
            log.length = 0
        }
        expect(board.stats.flashWrites).toBe(0)
    })
})
