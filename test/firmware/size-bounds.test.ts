// The limits of bytecode and heap size that the documentation promises.
import { buildFirmware } from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { runWorstCase } from "../helpers/worst-case.js"

const KB = 1024

describe("the image", () => {
    test.each([
        ["main", 26],
        ["maintight", 21],
    ])("%s has at most %i KB of bytecode", async (image, limitKB) => {
        const { bytecode } = await buildFirmware(`src/${image}.ts`)
        expect(bytecode.length).toBeLessThanOrEqual(limitKB * KB)
    })

    test.each([
        ["main", 40],
        ["maintight", 28],
    ] as const)(
        "%s runs its worst case in %i KB of heap with a garbage collection before each allocation",
        async (image, heapKB) => {
            expect(await runWorstCase(image, heapKB * KB, true)).toBe("ok")
        }
    )

    test("main fails its worst case in a heap that is too small", async () => {
        expect(await runWorstCase("main", 6 * KB)).not.toBe("ok")
    })
})
