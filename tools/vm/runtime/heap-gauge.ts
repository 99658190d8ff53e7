import { BLOCK, LAYOUT } from "./cli-bundle.js"
import { VmError } from "../vm-error.js"
import type { Machine } from "./machine.js"

/**
 * Measures the VM's GC heap by walking its blocks.
 *
 * What it gives is all that is not free: live objects plus garbage that no
 * collection has met yet. Between two samples the heap can have been fuller, and
 * without GC stress garbage counts too. The exact need of a program is the
 * smallest heap it runs in; that is found by shrinking `heapBytes`.
 */
export class HeapGauge {
    private seenAllocations = -1

    constructor(private readonly machine: Machine) {}

    /** Bytes in use now; undefined when no program runs, or when nothing was allocated since the last call. */
    sample(): number | undefined {
        const gc = this.findGc()
        if (gc === undefined) return undefined
        const allocations = this.machine.word(gc + LAYOUT.gcAllocations)
        if (allocations === this.seenAllocations) return undefined
        this.seenAllocations = allocations
        return this.walk(gc + LAYOUT.gcStructBytes)
    }

    private findGc(): number | undefined {
        const context = this.machine.context()
        if (context === 0) return undefined
        const gc = this.machine.word(context + LAYOUT.contextGc)
        // devs_gc_create puts its only chunk right behind the struct: proof that this is it.
        if (this.machine.word(gc + LAYOUT.gcFirstChunk) !== gc + LAYOUT.gcStructBytes) {
            throw new VmError("memory", "The GC heap is not where tools/vm/runtime/cli-bundle.ts says.")
        }
        return gc
    }

    private walk(chunk: number): number {
        const end = this.machine.word(chunk + LAYOUT.chunkEnd)
        let used = 0
        for (let at = chunk + LAYOUT.chunkBlocks; at < end;) {
            const header = this.machine.word(at)
            const bytes = (header & BLOCK.sizeMask) * 4
            if (bytes === 0) throw new VmError("memory", "The GC heap is damaged: a block of no size.")
            if (header >>> BLOCK.tagShift !== BLOCK.free) used += bytes
            at += bytes
        }
        return used
    }
}
