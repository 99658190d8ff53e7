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
import { FLASH_PAGE_BYTES } from "../../../tools/vm/flash.js"
import { bench } from "./bench.js"

/** A flash that keeps each image it had. */
function historic() {
    const inner = memoryFlash()
    const images = [inner.load()]
    const flash: Flash = {
        bytes: inner.bytes,
        load: () => inner.load(),
        save(image) {
            images.push(Uint8Array.from(image))
            return inner.save(image)
        },
    }
    /** The images around the last save. */
    const last = () => ({ before: images.at(-2) as Uint8Array, after: images.at(-1) as Uint8Array })
    return { flash, images, last }
}

/** The kinds of steps in their order, each run of one kind once. */
const runs = (steps: FlashStep[]) =>
    steps.map(step => step.what).filter((what, i, all) => what !== all[i - 1])

/** The steps of the first `count` collections of a store with two settings. */
function collections(count: number): FlashStep[][] {
    const { flash, images } = historic()
    writeSettings(flash, { stays: "here" })
    const found: FlashStep[][] = []
    for (let i = 0; found.length < count; i++) {
        const from = images.length
        writeSettings(flash, { moves: i.toString().padEnd(200, "x") })
        if (images.length - from < 2) continue
        found.push(flashSteps(images[from - 1] as Uint8Array, images[from] as Uint8Array))
    }
    return found
}

describe("the steps of a write", () => {
    test("of one setting: the words of its value upwards, then the six of its entry", () => {
        const { flash, last } = historic()
        writeSettings(flash, { one: 1 })
        writeSettings(flash, { two: "abcdefghij" })
        const steps = flashSteps(last().before, last().after)
        const [value, entry] = [steps.slice(0, 3), steps.slice(3)]
        expect(runs(value)).toEqual(["value"])
        expect(Buffer.concat(value.map(step => step.bytes)).toString()).toBe('"abcdefghij"')
        expect(runs(entry)).toEqual(["entry"])
        expect(entry).toHaveLength(6)
        for (const part of [value, entry])
            expect(part.map(step => step.at)).toEqual(part.map((_, i) => (part[0]?.at ?? 0) + 4 * i))
    })

    test("of a collection: the other bank is erased if it is not blank, filled, and its header comes last", () => {
        const [first, second, third] = collections(3)
        const filled = ["value", "entry", "value", "entry", "header"]
        expect(runs(first ?? [])).toEqual(filled)
        expect(runs(second ?? [])).toEqual(["erase", ...filled])
        expect(runs(third ?? [])).toEqual(["erase", ...filled])
        const erased = (steps: FlashStep[] = []) =>
            steps.filter(step => step.what === "erase").map(step => step.at / FLASH_PAGE_BYTES)
        expect(erased(second)).toEqual([0, 1, 2, 3])
        expect(erased(third)).toEqual([4, 5, 6, 7])
    })

    test("of a mount that formats: the first bank is erased, its header is written", () => {
        const { flash, images, last } = historic()
        writeSettings(flash, { one: 1, two: 2 })
        flash.save(tornImage(last().before, last().after, 3))
        writeSettings(flash, { three: 3 })
        const [torn, formatted] = images.slice(-3) as [Uint8Array, Uint8Array]
        expect(runs(flashSteps(torn, formatted))).toEqual(["erase", "header"])
        expect(readSettings(flash)).toEqual({ three: 3 })
    })

    test("lead from the image before to the image after; between equal images there are none", () => {
        const { flash, last } = historic()
        writeSettings(flash, { one: 1 })
        const { before, after } = last()
        const count = flashSteps(before, after).length
        expect(Buffer.compare(tornImage(before, after, 0), before)).toBe(0)
        expect(Buffer.compare(tornImage(before, after, count), after)).toBe(0)
        expect(flashSteps(after, after)).toEqual([])
    })

    test("are not made up for what the store would not do: a deploy", async () => {
        const { board } = await bench("greet")
        const { flash, images } = historic()
        writeProgram(flash, readProgram(board.flash) as Uint8Array)
        expect(() => flashSteps(images[0] as Uint8Array, images.at(-1) as Uint8Array)).toThrow(
            /no write of the settings store/
        )
    })
})

describe("a board", () => {
    test("whose power fails inside a write is off, and its flash holds what was programmed so far", async () => {
        let left: Uint8Array | undefined
        const { board, clock } = await bench(
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
        const { board, until } = await bench("boots", {}, { tear: () => undefined })
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
        const { board, clock, until, log } = await bench("boots", {}, { flash })
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
