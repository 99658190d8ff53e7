// The runtime's settings store brought to where its next write makes it collect.
import { type Flash, writeSettings } from "@moorage/vm"
import { FLASH_PAGE_BYTES } from "../../tools/vm/flash/flash-memory.js"
import { bankPages } from "../../tools/vm/flash/settings-partition.js"

/** More writes than fit into any bank here. */
const WRITES_MAX = 1000

/** Number of the bank with the higher generation: 0 or 1. */
export function activeBank(flash: Flash): number {
    const view = new DataView(Uint8Array.from(flash.load()).buffer)
    const bankBytes = bankPages(flash.bytes / FLASH_PAGE_BYTES) * FLASH_PAGE_BYTES
    // An erased header counts as none.
    const [first, second] = [0, bankBytes].map(start => (view.getUint32(start + 8, true) + 1) >>> 0)
    return (first as number) > (second as number) ? 0 : 1
}

/** Fills the bank with values that no one needs any more, until the next write of 32 bytes makes the store collect. */
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
    throw new Error(`${WRITES_MAX} writes of ${length} bytes filled no bank`)
}
