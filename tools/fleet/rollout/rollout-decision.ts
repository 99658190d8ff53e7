// Decides the next step of a roll-out: a pure function of the plan, the progress, the latest observation, and the time.
//
//   scheduled -- time reached --> slotsRunning -- slots over --> awaitingBoards -- enough registered --> scheduled, or done
//
// From each of these phases the roll-out goes on hold when an observation exceeds a limit. It leaves the hold when the
// observation is back within the limits, or when the operator forces the next step.
import { WorkingCalendar } from "./working-calendar.js"
import { findCurve, type PlannedBatch, type RolloutPlan } from "./rollout-plan-file.js"
import { countUntil } from "./batch-prediction.js"
import { GAP_SEC, slotsDurationMs } from "./batch-schedule.js"
import type { RolloutProgress } from "./rollout-state.js"
import type { WaveCounts } from "./registration-tracker.js"

export type RolloutPhase =
    /** The next batch waits for its time. */
    | "scheduled"
    /** The slots of the latest batch are not over. */
    | "slotsRunning"
    /** The slots are over, but not enough boards are registered. */
    | "awaitingBoards"
    /** An observation exceeds a limit. */
    | "onHold"
    /** All waves are done. */
    | "done"

/** The limits that decide whether a roll-out continues or goes on hold. */
export interface RolloutRules {
    /** Share of a wave's boards that must be registered before the next batch. */
    requiredShare: number
    /** Share of a wave's boards that may have failed. */
    maxFailedShare: number
    /** Number of 429s in the last ten minutes that is allowed. */
    maxThrottled: number
    /** Maximum delay of the registrations against the prediction. */
    maxLateSec: number
    /** Whether to ignore planned times, working hours and the gap between batches. */
    ignoresSchedule: boolean
}

/** The boards of the current wave and the 429s, as of the latest query. */
export interface Observation extends WaveCounts {
    /** Start of the query. */
    atMs: number
    /** Number of 429s in the last ten minutes. */
    throttled: number
    /** Error of a later query that failed; undefined if no later query failed. */
    staleReason?: string
}

/** `blind` means that DPS cannot be queried. The events of `moorage rollout run --json` contain these names. */
export type HoldReasonKind = "blind" | "failures" | "throttled" | "late"

export interface HoldReason {
    kind: HoldReasonKind
    /** The value and the limit that it exceeds. */
    text: string
    /** Advice for the operator, or "". */
    cure: string
}

export interface RolloutDecision {
    phase: RolloutPhase
    /** Number of the next batch, from 1; undefined if all batches are open. */
    nextBatch?: number
    /** Whether to open the next batch now. */
    isDue: boolean
    /** Earliest time for the next batch, if every other condition is met. */
    dueMs?: number
    /** Whether the current wave is complete and not yet recorded as done. */
    isWaveDone: boolean
    /** Not empty if the phase is "onHold". */
    reasons: HoldReason[]
}

export interface DecisionInput {
    plan: RolloutPlan
    progress: Readonly<RolloutProgress>
    observation: Observation
    rules: RolloutRules
    nowMs: number
    /** Whether the operator forces the next step, regardless of the observation. */
    isForced: boolean
}

type LatenessInput = Pick<DecisionInput, "plan" | "progress" | "observation"> & {
    rules: Pick<RolloutRules, "requiredShare">
}

/** Tolerance for shares, which are floating-point numbers. */
const EPSILON = 1e-9
const LATENESS_RESOLUTION_MS = 500

/** Returns the number of the current wave, from 1: the wave of the latest open batch. */
export function currentWave({ batches }: RolloutPlan, { openedMs }: Readonly<RolloutProgress>): number {
    return batches[Math.max(0, openedMs.length - 1)].wave
}

/** Returns how many boards of the current wave the model predicts to be registered at a time. */
export function expectedCount(plan: RolloutPlan, progress: Readonly<RolloutProgress>, atMs: number): number {
    const wave = currentWave(plan, progress)
    let sum = 0
    for (const [i, openedMs] of progress.openedMs.entries()) {
        const batch = plan.batches[i]
        if (batch.wave !== wave) continue
        const { registered, binSec } = findCurve(plan, batch)
        sum += countUntil(registered, binSec, (atMs - openedMs) / 1000)
    }
    return sum
}

/**
 * Returns the delay of the registrations against the prediction, in seconds. This is the time since the prediction had the
 * current number of registered boards. Boards beyond the required share do not count.
 */
export function lateSec({ plan, progress, observation, rules: { requiredShare } }: LatenessInput): number {
    const { registered, atMs } = observation
    const wave = currentWave(plan, progress)
    const isTcpConnected = (ms: number) => registered >= requiredShare * expectedCount(plan, progress, ms)
    if (isTcpConnected(atMs)) return 0
    let reachedMs = Math.min(...progress.openedMs.filter((_, i) => plan.batches[i].wave === wave))
    let notReachedMs = atMs
    while (notReachedMs - reachedMs > LATENESS_RESOLUTION_MS) {
        const middleMs = (reachedMs + notReachedMs) / 2
        if (isTcpConnected(middleMs)) reachedMs = middleMs
        else notReachedMs = middleMs
    }
    return Math.round((atMs - reachedMs) / 1000)
}

interface HoldCheck {
    isExceeded: (input: DecisionInput) => boolean
    text: (input: DecisionInput) => string
    cure: string
}

const percent = (share: number) => `${Number((share * 100).toPrecision(3))} %`
const minutes = (sec: number) => `${Math.round(sec / 60)} min`

/** The reasons for a hold, in the order in which they are reported. */
const HOLD_CHECKS: Record<HoldReasonKind, HoldCheck> = {
    blind: {
        isExceeded: ({ observation }) => observation.staleReason !== undefined,
        text: ({ observation }) => observation.staleReason ?? "",
        cure: "",
    },
    failures: {
        isExceeded: ({ observation, rules }) =>
            observation.failed > rules.maxFailedShare * observation.boards,
        text: ({ observation: { failed, boards }, rules }) =>
            `${failed} of the wave's ${boards} boards failed to register (limit: ${percent(rules.maxFailedShare)})`,
        cure: "Fix the reported errors (enrollment, keys, hubs). The boards try again automatically.",
    },
    throttled: {
        isExceeded: ({ observation, rules }) => observation.throttled > rules.maxThrottled,
        text: ({ observation, rules }) =>
            `${observation.throttled} calls were throttled (429) in ten minutes (limit: ${rules.maxThrottled})`,
        cure: "Another client uses the quota, or the quota is smaller than planned. Wait, or plan again with a lower rate.",
    },
    late: {
        isExceeded: input => lateSec(input) > input.rules.maxLateSec,
        text: input => {
            const { plan, progress, observation, rules } = input
            const expected = Math.floor(expectedCount(plan, progress, observation.atMs))
            const lateness = `${minutes(lateSec(input))} late (limit: ${minutes(rules.maxLateSec)})`
            return `${observation.registered} boards of the wave are registered, ${expected} were expected: ${lateness}`
        },
        cure: "Check that all boards are powered on, within range of their network, and enrolled with their keys. DPS may also throttle them.",
    },
}

function holdReasons(input: DecisionInput): HoldReason[] {
    const hasBegun = input.progress.openedMs.length > 0
    const kinds: HoldReasonKind[] = hasBegun ? ["blind", "failures", "throttled", "late"] : ["blind"]
    return kinds
        .filter(kind => HOLD_CHECKS[kind].isExceeded(input))
        .map(kind => ({ kind, text: HOLD_CHECKS[kind].text(input), cure: HOLD_CHECKS[kind].cure }))
}

/** Returns whether enough boards of the wave are registered to complete it. */
export function hasEnoughBoards(
    { registered, boards }: WaveCounts,
    { requiredShare }: RolloutRules
): boolean {
    return registered >= requiredShare * boards - EPSILON
}

/** Maximum delay of a batch that counts as punctual. */
const PUNCTUAL_MS = 600_000

/** Returns the earliest time for the next batch, without regard to registrations. */
function dueMs({ plan, progress, rules, nowMs }: DecisionInput): number {
    const { batches, slots, hours, timeZone, soakSec } = plan
    const { openedMs, doneMs } = progress
    const next = batches[openedMs.length]
    const previous = batches[openedMs.length - 1]
    const durationMs = (batch: PlannedBatch) => slotsDurationMs(batch.slots, slots)
    const gapMs = rules.ignoresSchedule ? 0 : GAP_SEC * 1000
    const slotsOverMs = previous ? openedMs[openedMs.length - 1] + durationMs(previous) + gapMs : 0
    const soakedMs = next.wave > 1 ? doneMs[next.wave - 2] + soakSec * 1000 : 0
    const earliestMs = Math.max(slotsOverMs, soakedMs)
    if (rules.ignoresSchedule) return earliestMs
    const plannedMs = Date.parse(next.startUtc)
    const startMs = Math.max(earliestMs, plannedMs)
    const possibleMs = Math.max(startMs, nowMs)
    if (possibleMs <= plannedMs + PUNCTUAL_MS) return startMs
    // The planned working hours may be over, so a late batch waits for hours into which it fits.
    const calendar = new WorkingCalendar(hours, timeZone)
    const { fromMs, toMs } = calendar.nextWindow(possibleMs)
    return fromMs + durationMs(next) <= toMs + PUNCTUAL_MS ? fromMs : calendar.nextWindow(toMs).fromMs
}

/** Returns the phase of a roll-out and its next step. */
export function decide(input: DecisionInput): RolloutDecision {
    const { plan, progress, observation, rules, nowMs, isForced } = input
    const { batches, waves, slots } = plan
    const { openedMs, doneMs } = progress
    const openCount = openedMs.length
    const nextBatch = openCount < batches.length ? openCount + 1 : undefined
    const noStep = { nextBatch, isDue: false, isWaveDone: false, reasons: [] }
    if (doneMs.length === waves.length) return { ...noStep, phase: "done" }
    const reasons = isForced ? [] : holdReasons(input)
    if (reasons.length > 0) return { ...noStep, phase: "onHold", reasons }
    if (openCount > 0) {
        const latest = batches[openCount - 1]
        if (nowMs < openedMs[openCount - 1] + slotsDurationMs(latest.slots, slots))
            return { ...noStep, phase: "slotsRunning" }
        if (!isForced && !hasEnoughBoards(observation, rules)) return { ...noStep, phase: "awaitingBoards" }
        const isWaveOpen = batches[openCount]?.wave !== latest.wave
        if (isWaveOpen && doneMs.length < latest.wave)
            return { ...noStep, phase: "awaitingBoards", isWaveDone: true }
    }
    const nextMs = dueMs(input)
    return { ...noStep, phase: "scheduled", dueMs: nextMs, isDue: nowMs >= nextMs }
}
