import { createHash } from "node:crypto"
import type { RolloutPlan } from "./rollout-plan-file.js"

/** What tells a fleet from others: the SHA-256 of its registration IDs in the file's order, a line each. */
export function idsSha256(ids: string[]): string {
    const hash = createHash("sha256")
    for (const id of ids) hash.update(`${id}\n`)
    return hash.digest("hex")
}

/**
 * When each board is powered on, in s after the first.
 * @param ids of the fleet, in the file's order
 * @throws RangeError when the plan is of other boards
 */
export function powerOnSecs({ batches, fleet }: RolloutPlan, ids: string[]): number[] {
    if (idsSha256(ids) !== fleet.idsSha256) throw new RangeError("it is of other boards, or in another order")
    const firstMs = Date.parse(batches[0].startUtc)
    return batches.flatMap(({ startUtc, boards }) =>
        new Array<number>(boards).fill((Date.parse(startUtc) - firstMs) / 1000)
    )
}
