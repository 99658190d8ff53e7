// Runs a plan: opens batch after batch, looks how it goes, and holds when it goes badly.
import type { Clock } from "@moorage/runtime"
import { CloudError, type DpsApi, wait } from "../azure/index.js"
import type { NewRolloutEvent, RolloutEvent } from "./rollout-events.js"
import {
    type RolloutDecision,
    decide,
    expectedCount,
    lateSec,
    currentWave,
    type RolloutRules,
    type Observation,
} from "./rollout-decision.js"
import type { RolloutPlan, PlannedBatch } from "./rollout-plan-file.js"
import type { RolloutState } from "./rollout-state.js"
import { ThrottleWindow } from "./throttle-window.js"
import { RegistrationTracker } from "./registration-tracker.js"

/** A batch to be powered on. */
export interface OpenBatch {
    /** From 1. */
    number: number
    batch: PlannedBatch
    ids: () => string[]
}

export interface RolloutRunOptions {
    plan: RolloutPlan
    /** Of the fleet file, in its order. */
    ids: string[]
    dps: DpsApi
    clock: Clock
    state: RolloutState
    rules: RolloutRules
    /** Between two looks, at least. */
    pollIntervalSec: number
    /** The next batch, or the end, is approved whatever was seen. */
    isForced: boolean
    /** A run that is held for longer ends. */
    maxHoldSec: number
    /** 429s to devices since some time, as a metric has them. @throws CloudError */
    throttledToDevices?: () => Promise<number>
    /** Has a batch powered on. What it throws ends the run, and the batch counts as not opened. */
    powerOn: (batch: OpenBatch) => Promise<void>
    onEvent: (event: RolloutEvent) => void
    signal: AbortSignal
}

export type RolloutEnd = "done" | "held" | "stopped"

/** What passes by itself; every other error of DPS is one of settings, and ends the run. */
const PASSING = ["unreachable", "timeout", "throttled", "unavailable"]

/** One run of a plan, from where it was to its end. */
export class RolloutRun {
    private readonly watched: RegistrationTracker
    private readonly throttles = new ThrottleWindow()
    private seen: Observation
    private lookedMs = -Infinity
    /** What was said last; the same is not said twice. */
    private said = ""
    private heldSinceMs?: number
    private isApproved: boolean

    constructor(private readonly options: RolloutRunOptions) {
        const { plan, ids, dps, state, clock } = options
        this.watched = new RegistrationTracker(plan, ids, dps)
        for (const openedMs of state.progress.openedMs) this.watched.startBatch(openedMs)
        this.isApproved = options.isForced
        this.seen = this.seenAt(clock.nowMs())
    }

    /**
     * Runs to the end of the plan, or until it is stopped or held for too long.
     * @throws CloudError when DPS cannot be asked at first, or ever; StateError; what `open` throws
     */
    async run(): Promise<RolloutEnd> {
        const { signal } = this.options
        try {
            await this.begin()
            for (;;) {
                const decision = this.decide()
                this.say(decision)
                if (decision.phase === "done") return "done"
                if (this.isHeldTooLong(decision)) return this.stopped("held")
                if (decision.isWaveDone) this.endWave()
                else if (decision.isDue) await this.open()
                else await this.pause(decision)
                signal.throwIfAborted()
            }
        } catch (error) {
            if (!signal.aborted) throw error
            return this.stopped("stopped")
        }
    }

    private get nowMs(): number {
        return this.options.clock.nowMs()
    }

    private tell(happening: NewRolloutEvent): void {
        this.options.onEvent({ utc: new Date(this.nowMs).toISOString(), ...happening } as RolloutEvent)
    }

    private decide(): RolloutDecision {
        const { plan, state, rules } = this.options
        return decide(plan, state.progress, this.seen, rules, this.nowMs, this.isApproved)
    }

    /** The numbers of the present wave. */
    private seenAt(atMs: number, blind?: string): Observation {
        const { plan, state } = this.options
        const counts = this.watched.counts(currentWave(plan, state.progress))
        return { ...counts, atMs, throttled: this.throttles.countAt(this.nowMs), staleReason: blind }
    }

    private get numbers() {
        const { plan, state } = this.options
        const { boards, registered, failed } = this.seen
        return { wave: currentWave(plan, state.progress), boards, registered, failed }
    }

    private async begin(): Promise<void> {
        const { plan, dps, state } = this.options
        this.throttles.record("own", dps.client.throttled, this.nowMs)
        // Whoever has no access to DPS learns it before a board is powered on.
        await dps.groups().next()
        await this.ask()
        state.begin()
        const openedBefore = state.progress.openedMs.length
        const { boards } = plan.fleet
        this.tell({ event: "begun", dps: dps.hostName, boards, batches: plan.batches.length, openedBefore })
        if (openedBefore > 0) this.tellLook()
    }

    /** Asks DPS, and the metric. @throws CloudError */
    private async ask(): Promise<void> {
        const { dps, throttledToDevices } = this.options
        const beganMs = this.nowMs
        this.lookedMs = beganMs
        try {
            await this.watched.refresh()
            if (throttledToDevices) this.throttles.record("devices", await throttledToDevices(), beganMs)
        } finally {
            this.throttles.record("own", dps.client.throttled, this.nowMs)
        }
        this.seen = this.seenAt(beganMs)
    }

    /** As ask(), again: what passes by itself is waited for. @throws CloudError */
    private async look(): Promise<void> {
        try {
            await this.ask()
        } catch (error) {
            if (!(error instanceof CloudError) || !PASSING.includes(error.kind)) throw error
            this.seen = this.seenAt(this.seen.atMs, error.message)
            return
        }
        if (this.options.state.progress.openedMs.length > 0) this.tellLook()
    }

    private tellLook(): void {
        const { plan, state, rules } = this.options
        const { throttled, atMs } = this.seen
        const { numbers } = this
        const predicted = Math.floor(expectedCount(plan, numbers.wave, state.progress, atMs))
        const late = lateSec(plan, state.progress, this.seen, rules.requiredShare)
        this.tell({ event: "look", ...numbers, predicted, throttled, lateSec: late })
    }

    /** Tells what has changed. */
    private say({ phase, nextBatch: next, reasons, dueMs, isDue, isWaveDone }: RolloutDecision): void {
        const kinds = reasons.map(({ kind }) => kind).join()
        const saying = `${phase} ${next} ${kinds} ${dueMs}`
        if (phase !== "held") {
            if (this.heldSinceMs !== undefined) this.tell({ event: "cleared", wave: this.numbers.wave })
            this.heldSinceMs = undefined
        }
        if (saying === this.said || isDue || isWaveDone) return
        this.said = saying
        if (phase === "held") {
            this.heldSinceMs ??= this.nowMs
            const { failures } = this.watched
            this.tell({ event: "held", ...this.numbers, batch: next ?? null, reasons, failures })
        } else if (phase === "watching") this.tell({ event: "watching", ...this.numbers })
        else if (phase === "waiting") this.sayWaiting(next as number, dueMs as number)
        else if (phase === "done") this.sayDone()
    }

    private sayWaiting(batch: number, untilMs: number): void {
        const { wave } = this.options.plan.batches[batch - 1]
        this.tell({ event: "waiting", batch, wave, untilUtc: new Date(untilMs).toISOString() })
    }

    private sayDone(): void {
        const { boards } = this.options.plan.fleet
        const { boards: missing, ids: missingIds } = this.watched.missing
        this.tell({ event: "done", boards, registered: boards - missing, missing, missingIds })
    }

    private isHeldTooLong({ phase }: RolloutDecision): boolean {
        const { maxHoldSec: heldMaxSec } = this.options
        return phase === "held" && this.nowMs - (this.heldSinceMs ?? this.nowMs) >= heldMaxSec * 1000
    }

    private stopped(end: "held" | "stopped"): RolloutEnd {
        const { length } = this.options.state.progress.openedMs
        this.tell({ event: "stopped", isHeld: end === "held", openedBatches: length })
        return end
    }

    private endWave(): void {
        const { state, rules } = this.options
        const { boards, registered } = this.seen
        state.recordWaveDone(this.nowMs)
        this.tell({
            event: "waveDone",
            ...this.numbers,
            isByHand: registered < rules.requiredShare * boards - 1e-9,
        })
    }

    private async open(): Promise<void> {
        const { plan, state, powerOn: open } = this.options
        const atMs = this.nowMs
        const number = state.progress.openedMs.length + 1
        const batch = plan.batches[number - 1]
        const { wave, boards, slots, first, last } = batch
        this.tell({ event: "open", batch: number, wave, boards, slots, first, last })
        await open({ number, batch, ids: () => this.watched.nextIds })
        this.watched.startBatch(atMs)
        state.recordBatchOpened(atMs)
        this.isApproved = false
        this.seen = this.seenAt(atMs, this.seen.staleReason)
    }

    /** Until the next look, or the next batch's time. */
    private async pause({ dueMs = Infinity }: RolloutDecision): Promise<void> {
        const { clock, pollIntervalSec: everySec, signal } = this.options
        const lookMs = this.lookedMs + everySec * 1000
        await wait(clock, Math.min(lookMs, dueMs) - this.nowMs, signal)
        if (this.nowMs >= lookMs) await this.look()
    }
}
