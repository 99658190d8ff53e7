// Finds the peak GC heap of each image: the smallest heap of the VM in which the worst case succeeds.
import { runWorstCase } from "../helpers/worst-case.js"

const STEP_BYTES = 256
const LARGEST_BYTES = 64 * 1024
const SMALLEST_BYTES = 4 * 1024

/** Returns the smallest heap in which the worst case succeeds, and how it fails one step below. */
async function smallestHeap(
    image: "main" | "maintight",
    gcStress: boolean
): Promise<{ bytes: number; failure: string }> {
    let tooSmallBytes = SMALLEST_BYTES
    let enoughBytes = LARGEST_BYTES
    let failure = "not tried"
    while (enoughBytes - tooSmallBytes > STEP_BYTES) {
        const heapBytes = Math.round((enoughBytes + tooSmallBytes) / 2 / STEP_BYTES) * STEP_BYTES
        const outcome = await runWorstCase(image, heapBytes, gcStress)
        if (outcome === "ok") enoughBytes = heapBytes
        else {
            tooSmallBytes = heapBytes
            failure = outcome
        }
    }
    return { bytes: enoughBytes, failure }
}

/** Prints the peak heap of both images. */
export async function benchHeap(): Promise<void> {
    console.log("Peak GC heap: smallest heap in which the worst case succeeds")
    console.log(
        "(128-character hub, device ID and registration ID, 1,500-byte method payload; boot without record, boot with record, Reprovision)"
    )
    const bounds = { main: [40, 64], maintight: [28, 40] } as const
    for (const image of ["main", "maintight"] as const) {
        const { bytes, failure } = await smallestHeap(image, false)
        const [limitKB, heapKB] = bounds[image]
        const size = `${(bytes / 1024).toFixed(2)} KB`
        console.log(
            `  ${image.padEnd(10)} ${size.padStart(9)} of ${heapKB} KB (limit ${limitKB} KB); one step less: ${failure}`
        )
    }
}
