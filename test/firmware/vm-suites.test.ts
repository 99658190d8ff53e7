import { readdirSync } from "node:fs"
import { runVmSuite } from "@moorage/vm"
import { describe, expect, test } from "vitest"

// Runs every suite of test/vm-suites inside the VM with a garbage collection before each allocation, and with the heap
// sizes of an ESP32 (64 KB) and of an ESP32-S2 (40 KB).
const suites = readdirSync("test/vm-suites").filter(name => name.endsWith(".ts"))

test("test/vm-suites contains suites", () => {
    expect(suites.length).toBeGreaterThan(0)
})

describe.each(suites)("test/vm-suites/%s", suite => {
    test.each([64, 40])("passes with a heap of %d KB", async heapKB => {
        const result = await runVmSuite(`test/vm-suites/${suite}`, { heapBytes: heapKB * 1024 })
        expect(result.failures).toEqual([])
        expect(result.passed).toBe(result.total)
    })
})
