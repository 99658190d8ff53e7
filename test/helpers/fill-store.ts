// Fills the runtime's settings store so that the next write starts its garbage collection.
import { type Flash, writeSettings } from "@moorage/vm"
import { FLASH_PAGE_BYTES } from "../../tools/vm/flash/flash-memory.js"
import { bankPages } from "../../tools/vm/flash/settings-partition.js"

/** More writes than any bank of the tests can hold. */
const WRITES_MAX = 1000

/** Returns the number of the bank with the higher generation: 0 or 1. */
export function activeBank(flash: Flash): number {
    const view = new DataView(Uint8Array.from(flash.load()).buffer)
    const bankBytes = bankPages(flash.bytes / FLASH_PAGE_BYTES) * FLASH_PAGE_BYTES
    // An erased header has generation 0xffffffff, which counts as 0 here.
    const [first, second] = [0, bankBytes].map(start => (view.getUint32(start + 8, true) + 1) >>> 0)
    return (first as number) > (second as number) ? 0 : 1
}

/** Fills the active bank with replaced values, until the next write of 32 bytes starts the garbage collection. */
export function fillWithStaleValues(flash: Flash): void {
    for (const length of [200, 20, 1]) fillWithValues(flash, length)
}

function fillWithValues(flash: Flash, length: number): void {
    const bank = activeBank(flash)
    for (let i = 0; i < WRITES_MAX; i++) {
        const image = Uint8Array.from(flash.load())
        writeSettings(flash, { stale: `${i % 10}`.repeat(length) })
        if (activeBank(flash) === bank) continue
        flash.save(image)
        return
    }
    throw new Error(`${WRITES_MAX} writes of ${length} bytes did not fill the bank.`)
}
