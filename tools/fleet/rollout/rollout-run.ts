// Runs a rollout plan: opens one batch after another, observes the registrations, and goes on hold when limits are exceeded.
import type { Clock } from "@moorage/runtime"
import { CloudError, type CloudErrorKind, type DpsApi, wait } from "../azure/index.js"
import type { NewRolloutEvent, RolloutEvent } from "./rollout-events.js"
import {
    currentWave,
    decide,
    expectedCount,
    hasEnoughBoards,
    lateSec,
    type Observation,
    type RolloutDecision,
    type RolloutRules,
} from "./rollout-decision.js"
import type { PlannedBatch, RolloutPlan } from "./rollout-plan-file.js"
import type { RolloutState } from "./rollout-state.js"
import { ThrottleWindow } from "./throttle-window.js"
import { RegistrationTracker } from "./registration-tracker.js"

/** A batch whose boards must be powered on. */
export interface OpenBatch {
    /** From 1. */
    number: number
    batch: PlannedBatch
    /** Returns the registration IDs of the boards. */
    ids: () => string[]
}

export interface RolloutRunOptions {
    plan: RolloutPlan
    /** Registration IDs in the order of the fleet file. */
    ids: string[]
    dps: DpsApi
    clock: Clock
    state: RolloutState
    rules: RolloutRules
    /** Minimum time between two queries of DPS. */
    pollIntervalSec: number
    /** Whether to force the next batch, or the end of the last wave, regardless of the observation. */
    isForced: boolean
    /** Maximum duration of a hold, after which the run ends. */
    maxHoldSec: number
    /** Returns a metric's total number of 429s to devices. @throws CloudError */
    throttledToDevices?: () => Promise<number>
    /** Powers on a batch. An error ends the run, and the batch does not count as opened. */
    powerOn: (batch: OpenBatch) => Promise<void>
    onEvent: (event: RolloutEvent) => void
    signal: AbortSignal
}

export type RolloutEnd = "done" | "holdTimeout" | "stopped"

/** Transient errors. Every other error of DPS is a configuration error and ends the run. */
const TRANSIENT_KINDS: CloudErrorKind[] = ["unreachable", "timeout", "throttled", "unavailable"]

/** One run of a plan, from its stored progress to its end. */
export class RolloutRun {
    private readonly tracker: RegistrationTracker
    private readonly throttles = new ThrottleWindow()
    private observation: Observation
    private lastQueryMs = -Infinity
    /** Identifies the decision that was reported last, so that it is not reported again. */
    private lastFingerprint = ""
    private onHoldSinceMs?: number
    private isForced: boolean

    constructor(private readonly options: RolloutRunOptions) {
        const { plan, ids, dps, state, clock } = options
        this.tracker = new RegistrationTracker(plan, ids, dps)
        for (const openedMs of state.progress.openedMs) this.tracker.startBatch(openedMs)
        this.isForced = options.isForced
        this.observation = this.observe(clock.nowMs())
    }

    /**
     * Runs until the plan is done, the run is stopped, or a hold lasts too long.
     * @throws CloudError if the first query fails, or if a later one fails for a reason that is not transient;
     * JournalError; errors of `powerOn`
     */
    async run(): Promise<RolloutEnd> {
        const { signal } = this.options
        try {
            await this.begin()
            for (;;) {
                const decision = this.decide()
                this.reportDecision(decision)
                if (decision.phase === "done") return "done"
                if (this.hasHoldTimedOut(decision)) return this.endEarly("holdTimeout")
                if (decision.isWaveDone) this.endWave()
                else if (decision.isDue) await this.openBatch()
                else await this.waitForChange(decision)
                signal.throwIfAborted()
            }
        } catch (error) {
            if (!signal.aborted) throw error
            return this.endEarly("stopped")
        }
    }

    private get nowMs(): number {
        return this.options.clock.nowMs()
    }

    private emit(event: NewRolloutEvent): void {
        this.options.onEvent({ utc: new Date(this.nowMs).toISOString(), ...event } as RolloutEvent)
    }

    private decide(): RolloutDecision {
        const { plan, state, rules } = this.options
        const { observation, nowMs, isForced } = this
        return decide({ plan, progress: state.progress, observation, rules, nowMs, isForced })
    }

    /** Returns the numbers of the current wave. @param staleReason error of the latest query */
    private observe(atMs: number, staleReason?: string): Observation {
        const { plan, state } = this.options
        const counts = this.tracker.counts(currentWave(plan, state.progress))
        return { ...counts, atMs, throttled: this.throttles.countAt(this.nowMs), staleReason }
    }

    private get waveNumbers() {
        const { plan, state } = this.options
        const { boards, registered, failed } = this.observation
        return { wave: currentWave(plan, state.progress), boards, registered, failed }
    }

    private async begin(): Promise<void> {
        const { plan, dps, state } = this.options
        this.throttles.record("own", dps.client.throttled, this.nowMs)
        // A missing permission for DPS is found before any board is powered on.
        await dps.groups().next()
        await this.query()
        state.begin()
        const openedBefore = state.progress.openedMs.length
        const { boards } = plan.fleet
        this.emit({ event: "begun", dps: dps.hostName, boards, batches: plan.batches.length, openedBefore })
        if (openedBefore > 0) this.reportObservation()
    }

    /** Queries DPS and the metric. @throws CloudError */
    private async query(): Promise<void> {
        const { dps, throttledToDevices } = this.options
        const startMs = this.nowMs
        this.lastQueryMs = startMs
        try {
            await this.tracker.refresh()
            if (throttledToDevices) this.throttles.record("devices", await throttledToDevices(), startMs)
        } finally {
            this.throttles.record("own", dps.client.throttled, this.nowMs)
        }
        this.observation = this.observe(startMs)
    }

    /** Queries again. After a transient error, the observation becomes stale. @throws CloudError */
    private async refreshObservation(): Promise<void> {
        try {
            await this.query()
        } catch (error) {
            if (!(error instanceof CloudError) || !TRANSIENT_KINDS.includes(error.kind)) throw error
            this.observation = this.observe(this.observation.atMs, error.message)
            return
        }
        if (this.options.state.progress.openedMs.length > 0) this.reportObservation()
    }

    private reportObservation(): void {
        const { plan, state, rules } = this.options
        const { observation } = this
        const predicted = Math.floor(expectedCount(plan, state.progress, observation.atMs))
        this.emit({
            event: "look",
            ...this.waveNumbers,
            predicted,
            throttled: observation.throttled,
            lateSec: lateSec({ plan, progress: state.progress, observation, rules }),
        })
    }

    /** Emits events for what has changed since the previous decision. */
    private reportDecision(decision: RolloutDecision): void {
        const { phase, nextBatch, reasons, dueMs, isDue, isWaveDone } = decision
        if (phase !== "onHold") {
            if (this.onHoldSinceMs !== undefined) this.emit({ event: "cleared", wave: this.waveNumbers.wave })
            this.onHoldSinceMs = undefined
        }
        const kinds = reasons.map(({ kind }) => kind).join()
        const fingerprint = `${phase} ${nextBatch} ${kinds} ${dueMs}`
        if (fingerprint === this.lastFingerprint || isDue || isWaveDone) return
        this.lastFingerprint = fingerprint
        switch (phase) {
            case "scheduled":
                return this.reportScheduled(nextBatch as number, dueMs as number)
            case "slotsRunning":
                return
            case "awaitingBoards":
                return this.emit({ event: "watching", ...this.waveNumbers })
            case "onHold":
                return this.reportHold(decision)
            case "done":
                return this.reportDone()
        }
    }

    private reportScheduled(batch: number, untilMs: number): void {
        const { wave } = this.options.plan.batches[batch - 1]
        this.emit({ event: "waiting", batch, wave, untilUtc: new Date(untilMs).toISOString() })
    }

    private reportHold({ nextBatch, reasons }: RolloutDecision): void {
        this.onHoldSinceMs ??= this.nowMs
        const { failures } = this.tracker
        this.emit({ event: "held", ...this.waveNumbers, batch: nextBatch ?? null, reasons, failures })
    }

    private reportDone(): void {
        const { boards } = this.options.plan.fleet
        const { boards: missing, ids: missingIds } = this.tracker.missing
        this.emit({ event: "done", boards, registered: boards - missing, missing, missingIds })
    }

    private hasHoldTimedOut({ phase }: RolloutDecision): boolean {
        const holdMs = this.nowMs - (this.onHoldSinceMs ?? this.nowMs)
        return phase === "onHold" && holdMs >= this.options.maxHoldSec * 1000
    }

    private endEarly(end: "holdTimeout" | "stopped"): RolloutEnd {
        const openedBatches = this.options.state.progress.openedMs.length
        this.emit({ event: "stopped", isHeld: end === "holdTimeout", openedBatches })
        return end
    }

    private endWave(): void {
        const { state, rules } = this.options
        state.recordWaveDone(this.nowMs)
        const isByHand = !hasEnoughBoards(this.observation, rules)
        this.emit({ event: "waveDone", ...this.waveNumbers, isByHand })
    }

    private async openBatch(): Promise<void> {
        const { plan, state, powerOn } = this.options
        const openedMs = this.nowMs
        const number = state.progress.openedMs.length + 1
        const batch = plan.batches[number - 1]
        const { wave, boards, slots, first, last } = batch
        this.emit({ event: "open", batch: number, wave, boards, slots, first, last })
        await powerOn({ number, batch, ids: () => this.tracker.nextIds })
        this.tracker.startBatch(openedMs)
        state.recordBatchOpened(openedMs)
        this.isForced = false
        this.observation = this.observe(openedMs, this.observation.staleReason)
    }

    /** Waits until the next query or until the next batch is due. */
    private async waitForChange({ dueMs = Infinity }: RolloutDecision): Promise<void> {
        const { clock, pollIntervalSec, signal } = this.options
        const nextQueryMs = this.lastQueryMs + pollIntervalSec * 1000
        await wait(clock, Math.min(nextQueryMs, dueMs) - this.nowMs, signal)
        if (this.nowMs >= nextQueryMs) await this.refreshObservation()
    }
}
