// Random streams. Each part of a run has its own stream, so that a change in one part does not affect the others. A board
// behaves the same whichever other boards are in the run.
import { type Random, seededRandom } from "@moorage/runtime"

/** Returns the FNV-1a hash of the UTF-8 bytes, 32 bits. */
function hash(text: string): number {
    let sum = 0x811c9dc5
    for (const byte of Buffer.from(text)) sum = Math.imul(sum ^ byte, 0x01000193)
    return sum
}

/** Returns the stream of that name in the run of `seed`: `randomStream(7, "board/12")`. */
export function randomStream(seed: number, name: string): Random {
    return seededRandom(hash(`${seed}/${name}`))
}

/** Returns the first number of that stream, in [0, 1). */
export function sample(seed: number, name: string): number {
    return randomStream(seed, name).next()
}
