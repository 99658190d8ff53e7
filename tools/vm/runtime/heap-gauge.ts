import { BLOCK, LAYOUT } from "./cli-bundle.js"
import { VmError } from "../vm-error.js"
import type { Machine } from "./machine.js"

/**
 * Measures the used part of the GC heap of the VM.
 *
 * Live objects and garbage that is not collected yet both count as used. The use between two samples can be higher. The
 * exact need of a program is the smallest heap in which it runs. To find it, decrease `heapBytes`.
 */
export class HeapGauge {
    private lastAllocations: number | undefined

    constructor(private readonly machine: Machine) {}

    /** Returns the used bytes, or undefined when no program runs or nothing was allocated since the last call. */
    sample(): number | undefined {
        const gc = this.findGc()
        if (gc === undefined) return undefined
        const allocations = this.machine.word(gc + LAYOUT.gcAllocations)
        if (allocations === this.lastAllocations) return undefined
        this.lastAllocations = allocations
        return this.usedBytes(gc + LAYOUT.gcStructBytes)
    }

    private findGc(): number | undefined {
        const context = this.machine.context()
        if (context === 0) return undefined
        const gc = this.machine.word(context + LAYOUT.contextGc)
        // devs_gc_create puts its only chunk directly after the struct, which confirms the address.
        if (this.machine.word(gc + LAYOUT.gcFirstChunk) !== gc + LAYOUT.gcStructBytes) {
            throw new VmError(
                "memory",
                "The GC heap is not at the address in tools/vm/runtime/cli-bundle.ts."
            )
        }
        return gc
    }

    private usedBytes(chunk: number): number {
        const end = this.machine.word(chunk + LAYOUT.chunkEnd)
        let used = 0
        for (let at = chunk + LAYOUT.chunkBlocks; at < end;) {
            const header = this.machine.word(at)
            const bytes = (header & BLOCK.sizeMask) * 4
            if (bytes === 0) throw new VmError("memory", "The GC heap is corrupt: a block has the size 0.")
            if (header >>> BLOCK.tagShift !== BLOCK.free) used += bytes
            at += bytes
        }
        return used
    }
}
