// Power that fails inside a flash write: the steps in which the runtime's store makes it, and a board that it happens to.
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

interface Write {
    before: Uint8Array
    after: Uint8Array
}

/** The write of `settings` to a flash that holds another one. */
function settingWrite(settings: Record<string, unknown>): Write {
    const flash = memoryFlash()
    writeSettings(flash, { one: 1 })
    const before = Uint8Array.from(flash.load())
    writeSettings(flash, settings)
    return { before, after: Uint8Array.from(flash.load()) }
}

/** A board whose program writes one setting at each boot, and what it wrote. */
async function booting() {
    const writes: Write[] = []
    const { board, clock } = await createProbeBoard(
        "boots",
        {},
        { tear: (before, after) => void writes.push({ before, after }) }
    )
    return {
        flash: board.flash,
        /** Boots once; returns the steps of each write. */
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

/** The kinds of steps in their order, each run of one kind once. */
const runs = (steps: FlashStep[]) =>
    steps.map(step => step.what).filter((what, i, all) => what !== all[i - 1])

describe("the steps of a write", () => {
    test("of one setting: the words of its value upwards, then the six of its entry", () => {
        const { before, after } = settingWrite({ two: "abcdefghij" })
        const steps = flashSteps(before, after)
        const [value, entry] = [steps.slice(0, 3), steps.slice(3)]
        expect(runs(value)).toEqual(["value"])
        expect(Buffer.concat(value.map(step => step.bytes)).toString()).toBe('"abcdefghij"')
        expect(runs(entry)).toEqual(["entry"])
        expect(entry).toHaveLength(6)
        for (const part of [value, entry])
            expect(part.map(step => step.at)).toEqual(part.map((_, i) => (part[0]?.at ?? 0) + 4 * i))
    })

    test("of a collection: the other bank is erased if it is not blank, filled, and its header comes last", async () => {
        const { flash, boot } = await booting()
        const erased: number[][] = []
        for (let i = 0; i < 3; i++) {
            fillWithStaleValues(flash)
            const [collection, append] = boot() as [FlashStep[], FlashStep[]]
            const pages = collection.filter(step => step.what === "erase")
            erased.push(pages.map(step => step.at / FLASH_PAGE_BYTES))
            expect(runs(collection).join(" ")).toMatch(/^(erase )?(entry )?(value entry )+header$/)
            expect(runs(append)).toEqual(["value", "entry"])
        }
        expect(erased).toEqual([[], [0, 1, 2, 3], [4, 5, 6, 7]])
    })

    test("of a mount that formats: the first bank is erased, its header is written", async () => {
        const { flash, boot, writes } = await booting()
        boot()
        const { before, after } = writes[0] as Write
        flash.save(tornImage(before, after, 3))
        expect(boot().map(runs)).toEqual([["erase", "header"]])
    })

    test("lead from the image before to the image after; between equal images there are none", () => {
        const { before, after } = settingWrite({ two: 2 })
        const count = flashSteps(before, after).length
        expect(Buffer.compare(tornImage(before, after, 0), before)).toBe(0)
        expect(Buffer.compare(tornImage(before, after, count), after)).toBe(0)
        expect(flashSteps(after, after)).toEqual([])
    })

    test("are not made up for what the store would not do: a deploy", async () => {
        const { board } = await createProbeBoard("greet")
        const flash = memoryFlash()
        writeProgram(flash, readProgram(board.flash) as Uint8Array)
        expect(() => flashSteps(memoryFlash().load(), flash.load())).toThrow(/no write of the settings store/)
    })
})

describe("a board", () => {
    test("whose power fails inside a write is off, and its flash holds what was programmed so far", async () => {
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

    test("whose power stays keeps what it wrote", async () => {
        const { board, until } = await createProbeBoard("boots", {}, { tear: () => undefined })
        board.powerOn()
        until("boot 1")
        expect(readSettings(board.flash).boots).toBe(1)
    })

    test("reads what its flash holds, not what it meant to write", async () => {
        const inner = memoryFlash()
        let deaf = false
        const flash: Flash = {
            bytes: inner.bytes,
            load: () => inner.load(),
            save: image => (deaf ? 0 : inner.save(image)),
        }
        const { board, clock, until, log } = await createProbeBoard("boots", {}, { flash })
        deaf = true
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
