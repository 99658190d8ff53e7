// Chance, cut into streams: each part of a run draws from its own, so that what one part does more or less
// changes nothing for another, and a board behaves the same whichever other boards there are.
import { type Random, seededRandom } from "@moorage/runtime"

/** FNV-1a over the UTF-8 bytes, 32 bit. */
function hash(text: string): number {
    let sum = 0x811c9dc5
    for (const byte of Buffer.from(text)) sum = Math.imul(sum ^ byte, 0x01000193)
    return sum
}

/** The stream that `name` has in the run of `seed`: `stream(7, "board/12")`. */
export function randomStream(seed: number, name: string): Random {
    return seededRandom(hash(`${seed}/${name}`))
}

/** One draw of that stream, in [0, 1). */
export function sample(seed: number, name: string): number {
    return randomStream(seed, name).next()
}
