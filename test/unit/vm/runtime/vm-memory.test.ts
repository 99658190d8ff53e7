// The memory limit of a process with many VMs.
import { expect, test } from "vitest"
import { createProbeBoard } from "../../../helpers/probe-board.js"

/** Upper limit of the attempts to use up the address space of the process. */
const MANY = 40_000

test("a board reports what to do when the process has no room for its VM", async () => {
    const { board, clock } = await createProbeBoard("greet")
    const held: WebAssembly.Memory[] = []
    const fill = () => {
        while (held.length < MANY) held.push(new WebAssembly.Memory({ initial: 1, maximum: 1 }))
    }
    expect(fill).toThrow(RangeError)
    board.powerOn()
    expect(() => clock.advance(1000)).toThrow(/no address space for another VM/)
    expect(held.length).toBeGreaterThan(5000)
})
