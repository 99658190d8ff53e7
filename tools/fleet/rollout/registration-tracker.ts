// Tracks the registrations of the boards that were powered on.
import type { DpsApi, RegistrationRecord } from "../azure/index.js"
import { type Failure, GroupTally, RegistrationTally } from "../monitor/registration-tally.js"
import { RegistrationLookup } from "./registration-lookup.js"
import type { RolloutPlan } from "./rollout-plan-file.js"

/** Counts of the boards of a wave that were powered on. */
export interface WaveCounts {
    boards: number
    registered: number
    failed: number
}

/** Allowed difference between the clocks of DPS and of this machine. A failure before power-on belongs to an earlier try. */
const SKEW_MS = 300_000
const MISSING_IDS_MAX = 20

interface UnregisteredBoard {
    wave: number
    openedMs: number
}

export class RegistrationTracker {
    /** Boards that were powered on and are not registered, by ID. */
    private readonly unregistered = new Map<string, UnregisteredBoard>()
    private readonly waves: WaveCounts[]
    private readonly lookup: RegistrationLookup
    private startedBoards = 0
    private startedBatches = 0
    private latestFailures: Failure[] = []

    constructor(
        private readonly plan: RolloutPlan,
        private readonly ids: string[],
        dps: DpsApi
    ) {
        this.waves = plan.waves.map(() => ({ boards: 0, registered: 0, failed: 0 }))
        this.lookup = new RegistrationLookup(dps)
    }

    /** The registration IDs of the next batch. */
    get nextIds(): string[] {
        const { boards } = this.plan.batches[this.startedBatches]
        return this.ids.slice(this.startedBoards, this.startedBoards + boards)
    }

    /** Tracks the boards of the next batch from now on. */
    startBatch(openedMs: number): void {
        const { wave, boards } = this.plan.batches[this.startedBatches]
        for (const id of this.nextIds) this.unregistered.set(id, { wave, openedMs })
        this.waves[wave - 1].boards += boards
        this.startedBoards += boards
        this.startedBatches++
    }

    /** Returns the counts of a wave. @param wave from 1 */
    counts(wave: number): Readonly<WaveCounts> {
        return this.waves[wave - 1]
    }

    /** The failures of unregistered boards as of the latest refresh, most frequent first. */
    get failures(): readonly Failure[] {
        return this.latestFailures
    }

    /** Number of unregistered boards, and the IDs of the first ones. */
    get missing(): { boards: number; ids: string[] } {
        const ids: string[] = []
        for (const id of this.unregistered.keys()) {
            if (ids.length === MISSING_IDS_MAX) break
            ids.push(id)
        }
        return { boards: this.unregistered.size, ids }
    }

    /** Reads the records of the unregistered boards from DPS. @throws CloudError; the registrations found before the error are counted */
    async refresh(): Promise<void> {
        const failedByWave = this.waves.map(() => 0)
        const tally = new RegistrationTally(0, 0)
        await this.lookup.find(new Set(this.unregistered.keys()), record => {
            const board = this.unregistered.get(record.registrationId)
            if (!board) return
            if (record.status === "assigned") {
                this.unregistered.delete(record.registrationId)
                this.waves[board.wave - 1].registered++
            } else if (hasFailed(record, board)) {
                failedByWave[board.wave - 1]++
                tally.add(record, new GroupTally())
            }
        })
        for (const [i, failed] of failedByWave.entries()) this.waves[i].failed = failed
        this.latestFailures = tally.failures
    }
}

function hasFailed({ status, updatedMs }: RegistrationRecord, { openedMs }: UnregisteredBoard): boolean {
    return (status === "failed" || status === "disabled") && updatedMs > openedMs - SKEW_MS
}
