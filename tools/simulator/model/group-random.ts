// Random decisions of many equal boards.
import type { Random } from "@moorage/runtime"

/** A random source that counts its draws. */
export class GroupRandom {
    private draws = 0

    constructor(private readonly random: Random) {}

    /** Returns a random number in [0, 1). */
    readonly next = (): number => {
        this.draws++
        return this.random.next()
    }

    /**
     * Decides for each of `count` equal boards. A decision that draws no random number is the same for all boards and is
     * made once.
     * @param decide returns the decision of one board
     * @param apply receives a decision and the number of boards with it
     */
    decideEach<T>(
        count: number,
        decide: (random: () => number) => T,
        apply: (decision: T, count: number) => void
    ): void {
        for (let left = count; left > 0;) {
            const before = this.draws
            const decision = decide(this.next)
            const boards = this.draws === before ? left : 1
            apply(decision, boards)
            left -= boards
        }
    }
}
