import { expect, test } from "vitest"
import { createProbeBoard } from "../../../helpers/probe-board.js"

/** Beyond this many the process has more addresses than is known of. */
const MANY = 40_000

test("a board that finds no room for its VM in this process says what to do", async () => {
    const { board, clock } = await createProbeBoard("greet")
    const held: WebAssembly.Memory[] = []
    const fill = () => {
        while (held.length < MANY) held.push(new WebAssembly.Memory({ initial: 1, maximum: 1 }))
    }
    expect(fill).toThrow(RangeError)
    board.powerOn()
    expect(() => clock.advance(1000)).toThrow(/No room for another VM in this process/)
    expect(held.length).toBeGreaterThan(5000)
})
