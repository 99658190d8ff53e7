// Peak GC heap of each image: the VM's heap is shrunk until the worst case fails.
import { runWorstCase } from "../helpers/worst-case.js"

const STEP_BYTES = 256
const LARGEST_BYTES = 64 * 1024
const SMALLEST_BYTES = 4 * 1024

/** The smallest heap, in steps of 256 bytes, on which the worst case still runs. */
async function smallestHeap(
    image: "main" | "maintight",
    gcStress: boolean
): Promise<{ bytes: number; below: string }> {
    let fails = SMALLEST_BYTES
    let runs = LARGEST_BYTES
    let below = "not tried"
    while (runs - fails > STEP_BYTES) {
        const heapBytes = Math.round((runs + fails) / 2 / STEP_BYTES) * STEP_BYTES
        const end = await runWorstCase(image, heapBytes, gcStress)
        if (end === "ok") runs = heapBytes
        else {
            fails = heapBytes
            below = end
        }
    }
    return { bytes: runs, below }
}

/** Prints the peak heap of both images. */
export async function benchHeap(): Promise<void> {
    console.log("Peak GC heap: smallest heap on which the worst case runs")
    console.log(
        "(128-character hub, device ID and registration ID, 1,500-byte method payload; cold, warm, Reprovision)"
    )
    const bounds = { main: [40, 64], maintight: [28, 40] } as const
    for (const image of ["main", "maintight"] as const) {
        const { bytes, below } = await smallestHeap(image, false)
        const [limitKB, heapKB] = bounds[image]
        const size = `${(bytes / 1024).toFixed(2)} KB`
        console.log(
            `  ${image.padEnd(10)} ${size.padStart(9)} of ${heapKB} KB (bound ${limitKB} KB); one step less: ${below}`
        )
    }
}
