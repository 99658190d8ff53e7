// The settings of a board, written to its flash by the host.
import {
    buildFirmware,
    memoryFlash,
    programmedFlash,
    readProgram,
    readSettings,
    writeProgram,
    writeSettings,
} from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { storeEntries } from "../../../../tools/vm/flash/settings-partition.js"
import { createProbeBoard } from "../../../helpers/probe-board.js"

describe("the settings in flash", () => {
    test("reach the program and do not count as flash writes of the program", async () => {
        const { board, until } = await createProbeBoard("greet", { name: 'Zoë & 日本 "q"' })
        board.powerOn()
        until('hello Zoë & 日本 "q"')
        expect(board.stats.flashWrites).toBe(0)
    })

    test("are read as they were written, for every type", () => {
        const settings = {
            TEXT: "a b",
            NUMBER: 42,
            FLAG: false,
            NOTHING: null,
            OBJECT: { a: [1, 2] },
            EMPTY: "",
        }
        const flash = memoryFlash()
        writeSettings(flash, settings)
        expect(readSettings(flash)).toEqual(settings)
        expect([...storeEntries(flash).keys()]).toEqual(Object.keys(settings).map(key => `:${key}`))
    })

    test("keep the last value of a key, and are not written again for the same value", () => {
        const flash = memoryFlash()
        writeSettings(flash, { KEY: "one", OTHER: 1 })
        writeSettings(flash, { KEY: "two" })
        const before = flash.load()
        writeSettings(flash, { KEY: "two" })
        expect(Buffer.compare(flash.load(), before)).toBe(0)
        expect(readSettings(flash)).toEqual({ KEY: "two", OTHER: 1 })
    })

    test("survive the garbage collection of the store, which moves them to the other bank", () => {
        const flash = memoryFlash()
        writeSettings(flash, { STAYS: "here" })
        const text = "x".repeat(200)
        for (let i = 0; i < 100; i++) writeSettings(flash, { MOVES: `${i} ${text}` })
        expect(readSettings(flash)).toEqual({ STAYS: "here", MOVES: `99 ${text}` })
    })

    test("do not change the program", async () => {
        const { board } = await createProbeBoard("greet", { name: "x" })
        const program = Buffer.from(readProgram(board.flash) ?? [])
        writeSettings(board.flash, { later: 1 })
        expect(Buffer.compare(readProgram(board.flash) as Uint8Array, program)).toBe(0)
        expect(readSettings(board.flash)).toEqual({ mode: "greet", name: "x", later: 1 })
    })

    test("are rejected when key, separator and JSON have more than 232 bytes, because reading them would reset the board", () => {
        const flash = memoryFlash()
        writeSettings(flash, { KEY: "x".repeat(226) })
        expect(() => writeSettings(flash, { KEY: "x".repeat(227) })).toThrow(/KEY is 1 bytes too long/)
        expect((readSettings(flash).KEY as string).length).toBe(226)
    })

    test("can be read by the program at the maximum length", async () => {
        const { board, until } = await createProbeBoard("greet", { name: "x".repeat(225) })
        board.powerOn()
        until("hello xxx")
        expect(board.stats.panics).toBe(0)
    })

    test.each([
        ["", 1, /is not a valid key of a setting/],
        ["FOURTEEN_CHARS", 1, /is not a valid key of a setting/],
        ["has blank", 1, /is not a valid key of a setting/],
        ["KEY", undefined, /cannot be written as JSON/],
    ])("are rejected for the key %j with the value %j", (key, value, message) => {
        expect(() => writeSettings(memoryFlash(), { [key]: value })).toThrow(message)
    })

    test("cause an error when the store is full", () => {
        const flash = memoryFlash()
        const fill = () => {
            for (let i = 0; i < 100; i++) writeSettings(flash, { [`K${i}`]: "x".repeat(200) })
        }
        expect(fill).toThrow(/was not stored, because the flash is full/)
    })

    test("do not affect the next flash that programmedFlash returns", async () => {
        const { bytecode } = await buildFirmware("test/vm-suites/programs/vm-probe.ts")
        const deployed = memoryFlash(32)
        writeProgram(deployed, bytecode)
        const flash = programmedFlash(bytecode, 32)
        expect(Buffer.compare(flash.load(), deployed.load())).toBe(0)
        writeSettings(flash, { KEY: "mine" })
        expect(Buffer.compare(programmedFlash(bytecode, 32).load(), deployed.load())).toBe(0)
    })

    test("written to one flash do not affect another flash", () => {
        const [first, second, fresh] = [memoryFlash(), memoryFlash(), memoryFlash()]
        writeSettings(second, { KEY: "one" })
        writeSettings(first, { OTHER: "x".repeat(200) })
        writeSettings(fresh, { KEY: "one" })
        expect(Buffer.compare(fresh.load(), second.load())).toBe(0)
    })

    test("are empty in a blank flash, which also has no program", () => {
        expect(readSettings(memoryFlash())).toEqual({})
        expect(readProgram(memoryFlash())).toBeUndefined()
    })
})
