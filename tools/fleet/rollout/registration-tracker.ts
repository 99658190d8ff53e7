// The boards that were powered on: who has registered, who failed.
import type { DpsApi, RegistrationRecord } from "../azure/index.js"
import { type Failure, GroupTally, RegistrationTally } from "../monitor/registration-tally.js"
import { RegistrationLookup } from "./registration-lookup.js"
import type { RolloutPlan } from "./rollout-plan-file.js"

/** Of the boards of a wave that were powered on. */
export interface WaveCounts {
    boards: number
    registered: number
    failed: number
}

/** A record that failed before is of an earlier try; the clocks of DPS and of this machine may differ. */
const SKEW_MS = 300_000
const MISSING_SHOWN = 20

interface WaitingBoard {
    wave: number
    openedMs: number
}

export class RegistrationTracker {
    /** Powered on and not registered yet, by ID. */
    private readonly waiting = new Map<string, WaitingBoard>()
    private readonly waves: WaveCounts[]
    private readonly finder: RegistrationLookup
    private firstBoard = 0
    private batches = 0
    private lastFailures: Failure[] = []

    constructor(
        private readonly plan: RolloutPlan,
        private readonly ids: string[],
        dps: DpsApi
    ) {
        this.waves = plan.waves.map(() => ({ boards: 0, registered: 0, failed: 0 }))
        this.finder = new RegistrationLookup(dps)
    }

    /** IDs of the batch that is opened next. */
    get nextIds(): string[] {
        const { boards } = this.plan.batches[this.batches]
        return this.ids.slice(this.firstBoard, this.firstBoard + boards)
    }

    /** Its boards are watched from now on. */
    startBatch(openedMs: number): void {
        const { wave, boards } = this.plan.batches[this.batches]
        for (const id of this.nextIds) this.waiting.set(id, { wave, openedMs })
        this.waves[wave - 1].boards += boards
        this.firstBoard += boards
        this.batches++
    }

    /** Of a wave, from 1. */
    counts(wave: number): Readonly<WaveCounts> {
        return this.waves[wave - 1]
    }

    /** Why boards failed that have not registered since, as of the last look; most frequent first. */
    get failures(): readonly Failure[] {
        return this.lastFailures
    }

    /** Boards that were powered on and have not registered: how many, and the first of them. */
    get missing(): { boards: number; ids: string[] } {
        const ids: string[] = []
        for (const id of this.waiting.keys()) {
            if (ids.length === MISSING_SHOWN) break
            ids.push(id)
        }
        return { boards: this.waiting.size, ids }
    }

    /** Asks DPS. @throws CloudError, with what was found so far taken note of */
    async refresh(): Promise<void> {
        const failed = this.waves.map(() => 0)
        const tally = new RegistrationTally(0, 0)
        await this.finder.find(new Set(this.waiting.keys()), record => {
            const board = this.waiting.get(record.registrationId)
            if (!board) return
            if (record.status === "assigned") {
                this.waiting.delete(record.registrationId)
                this.waves[board.wave - 1].registered++
            } else if (hasFailed(record, board)) {
                failed[board.wave - 1]++
                tally.add(record, new GroupTally())
            }
        })
        for (const [i, n] of failed.entries()) this.waves[i].failed = n
        this.lastFailures = tally.failures
    }
}

function hasFailed({ status, updatedMs }: RegistrationRecord, { openedMs }: WaitingBoard): boolean {
    return (status === "failed" || status === "disabled") && updatedMs > openedMs - SKEW_MS
}
