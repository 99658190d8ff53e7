import type { Random } from "@moorage/runtime"

/** Chance that knows whether it was asked. */
export class GroupRandom {
    private draws = 0

    constructor(private readonly random: Random) {}

    /** In [0, 1). */
    readonly next = (): number => {
        this.draws++
        return this.random.next()
    }

    /**
     * Has each of `count` boards decide by itself. A decision that takes no chance is everybody's: it is made once.
     * @param then gets a decision and how many boards made it
     */
    each<T>(
        count: number,
        decide: (chance: () => number) => T,
        then: (decision: T, count: number) => void
    ): void {
        for (let left = count; left > 0;) {
            const before = this.draws
            const decision = decide(this.next)
            const alike = this.draws === before ? left : 1
            then(decision, alike)
            left -= alike
        }
    }
}
