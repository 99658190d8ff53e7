// A chip with a busy main loop, where each turn of the loop takes many milliseconds.
import { expect, test } from "vitest"
import { createWorld } from "../helpers/firmware-world.js"

test.each([
    ["main", 50],
    ["main", 100],
    ["main", 300],
    ["maintight", 100],
    ["maintight", 300],
] as const)(
    "%s boots and moors without a reset when each turn of its loop takes %i ms",
    async (image, turnMs) => {
        const world = await createWorld({ image, loopTurnMs: turnMs })
        const resets: string[] = []
        world.board.on("reset", ({ reason }) => resets.push(reason))
        world.board.powerOn()
        world.advanceSec(60)
        expect(resets).toEqual([])
        expect(world.logged(/^boot /)).toHaveLength(1)
        expect(world.logged(/^moored /)).toHaveLength(1)
    }
)
