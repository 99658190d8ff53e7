// What comes next in a roll-out: a pure function of the plan, what has happened, what was seen, and the time.
//
//   waiting -- its time --> open -- its slots are over --> watching -- enough registered --> waiting for the next, or done
//                             \________ over a threshold ______/ --> held -- clears, or approved by hand
import { WorkingCalendar } from "./working-calendar.js"
import { findCurve, type RolloutPlan, type PlannedBatch } from "./rollout-plan-file.js"
import { countUntil } from "./batch-prediction.js"
import { GAP_SEC, slotsDurationMs } from "./batch-schedule.js"
import type { RolloutProgress } from "./rollout-state.js"
import type { WaveCounts } from "./registration-tracker.js"

export type RolloutPhase = "waiting" | "open" | "watching" | "held" | "done"

/** When a roll-out goes on, and when it is held. */
export interface RolloutRules {
    /** Share of a wave's boards that must have registered before the next batch. */
    requiredShare: number
    /** Share of a wave's boards that may have failed. */
    maxFailedShare: number
    /** 429s in the last ten minutes that are still well. */
    maxThrottled: number
    /** How far registrations may be behind the prediction. */
    maxLateSec: number
    /** Planned times, working hours and the time for people between batches do not count. */
    ignoresSchedule: boolean
}

/** What was seen at the last look. */
export interface Observation extends WaveCounts {
    /** When it began. */
    atMs: number
    /** 429s in the last ten minutes. */
    throttled: number
    /** Why there is no newer look; undefined when there is. */
    staleReason?: string
}

export interface HoldReason {
    kind: "failures" | "throttled" | "late" | "blind"
    /** What is the matter, and what to do about it. */
    text: string
    cure: string
}

export interface RolloutDecision {
    phase: RolloutPhase
    /** The next batch, from 1; undefined when all are open. */
    nextBatch?: number
    /** Whether the next batch is to be opened now. */
    isDue: boolean
    /** When the next batch may be opened, as far as it depends on time alone. */
    dueMs?: number
    /** The present wave is over, and not noted as that yet. */
    isWaveDone: boolean
    /** Why it is held. */
    reasons: HoldReason[]
}

/** The wave at work, from 1: that of the batch opened last. */
export function currentWave({ batches }: RolloutPlan, { openedMs }: Readonly<RolloutProgress>): number {
    return batches[Math.max(0, openedMs.length - 1)].wave
}

/** How many of a wave's opened boards the model has registered by then. */
export function expectedCount(
    plan: RolloutPlan,
    wave: number,
    { openedMs }: Readonly<RolloutProgress>,
    ms: number
): number {
    let sum = 0
    for (const [i, startMs] of openedMs.entries()) {
        const batch = plan.batches[i]
        if (batch.wave !== wave) continue
        const { registered, binSec } = findCurve(plan, batch)
        sum += countUntil(registered, binSec, (ms - startMs) / 1000)
    }
    return sum
}

/**
 * How far registrations are behind the prediction: since when it has as many. The share of boards that need not
 * register is no delay.
 */
export function lateSec(
    plan: RolloutPlan,
    progress: Readonly<RolloutProgress>,
    seen: Observation,
    enough: number
): number {
    const wave = currentWave(plan, progress)
    const isAhead = (ms: number) => seen.registered >= enough * expectedCount(plan, wave, progress, ms)
    if (isAhead(seen.atMs)) return 0
    let early = Math.min(...progress.openedMs.filter((_, i) => plan.batches[i].wave === wave))
    let late = seen.atMs
    while (late - early > 500) {
        const middle = (early + late) / 2
        if (isAhead(middle)) early = middle
        else late = middle
    }
    return Math.round((seen.atMs - early) / 1000)
}

const percent = (share: number) => `${Number((share * 100).toPrecision(3))} %`

function failureReason(
    { boards, failed }: Observation,
    { maxFailedShare: maxFailures }: RolloutRules
): HoldReason | undefined {
    if (failed <= maxFailures * boards) return undefined
    return {
        kind: "failures",
        text: `${failed} of the wave's ${boards} boards failed to register, which is over ${percent(maxFailures)}`,
        cure: "Mend what their errors say (enrollment, keys, hubs): boards try again by themselves.",
    }
}

function throttledReason({ throttled }: Observation, { maxThrottled }: RolloutRules): HoldReason | undefined {
    if (throttled <= maxThrottled) return undefined
    return {
        kind: "throttled",
        text: `${throttled} calls were throttled (429) in ten minutes, which is over ${maxThrottled}`,
        cure: "Something else uses up the quota, or it is smaller than planned: wait, or plan anew with a lower rate.",
    }
}

function lateReason(
    plan: RolloutPlan,
    progress: Readonly<RolloutProgress>,
    seen: Observation,
    rules: RolloutRules
): HoldReason | undefined {
    const behindSec = lateSec(plan, progress, seen, rules.requiredShare)
    if (behindSec <= rules.maxLateSec) return undefined
    const expected = Math.floor(expectedCount(plan, currentWave(plan, progress), progress, seen.atMs))
    return {
        kind: "late",
        text: `${seen.registered} boards of the wave are registered where ${expected} should be: ${Math.round(behindSec / 60)} min late`,
        cure: "Are all of them powered on, in reach of their network, and enrolled by their keys? If so, DPS may throttle them.",
    }
}

function reasonsOf(
    plan: RolloutPlan,
    progress: Readonly<RolloutProgress>,
    seen: Observation,
    rules: RolloutRules
): HoldReason[] {
    const blind: HoldReason | undefined =
        seen.staleReason === undefined ? undefined : { kind: "blind", text: seen.staleReason, cure: "" }
    const isBegun = progress.openedMs.length > 0
    const seenReasons = isBegun
        ? [failureReason(seen, rules), throttledReason(seen, rules), lateReason(plan, progress, seen, rules)]
        : []
    return [blind, ...seenReasons].filter(reason => reason !== undefined)
}

/** So late a batch is still as planned. */
const PUNCTUAL_MS = 600_000

/** When the next batch may be opened, as far as it depends on time alone; not before `nowMs` when it is late. */
function dueMs(
    plan: RolloutPlan,
    { openedMs, doneMs }: Readonly<RolloutProgress>,
    isNow: boolean,
    nowMs: number
): number {
    const { batches, slots, hours, timeZone, soakSec } = plan
    const next = batches[openedMs.length]
    const last = batches[openedMs.length - 1]
    const lengthMs = (batch: PlannedBatch) => slotsDurationMs(batch.slots, slots)
    const gapMs = isNow ? 0 : GAP_SEC * 1000
    const freeMs = last ? openedMs[openedMs.length - 1] + lengthMs(last) + gapMs : 0
    const restedMs = next.wave > 1 ? doneMs[next.wave - 2] + soakSec * 1000 : 0
    const leastMs = Math.max(freeMs, restedMs)
    if (isNow) return leastMs
    const plannedMs = Date.parse(next.startUtc)
    const atMs = Math.max(leastMs, plannedMs)
    const lateMs = Math.max(atMs, nowMs)
    if (lateMs <= plannedMs + PUNCTUAL_MS) return atMs
    // Later than planned: people do not stay for it.
    const calendar = new WorkingCalendar(hours, timeZone)
    const { fromMs, toMs } = calendar.nextWindow(lateMs)
    return fromMs + lengthMs(next) <= toMs + PUNCTUAL_MS ? fromMs : calendar.nextWindow(toMs).fromMs
}

/**
 * What comes next.
 * @param isApproved whether a person has said that it goes on, whatever was seen
 */
export function decide(
    plan: RolloutPlan,
    progress: Readonly<RolloutProgress>,
    seen: Observation,
    rules: RolloutRules,
    nowMs: number,
    isApproved: boolean
): RolloutDecision {
    const { batches, waves, slots } = plan
    const { openedMs, doneMs } = progress
    const begun = openedMs.length
    const next = begun < batches.length ? begun + 1 : undefined
    const still = { nextBatch: next, isDue: false, isWaveDone: false, reasons: [] }
    if (doneMs.length === waves.length) return { ...still, phase: "done" }
    const reasons = isApproved ? [] : reasonsOf(plan, progress, seen, rules)
    if (reasons.length > 0) return { ...still, phase: "held", reasons }
    const isRunning =
        begun > 0 && nowMs < openedMs[begun - 1] + slotsDurationMs(batches[begun - 1].slots, slots)
    const isEnough = begun === 0 || isApproved || seen.registered >= rules.requiredShare * seen.boards - 1e-9
    if (isRunning || !isEnough) return { ...still, phase: isRunning ? "open" : "watching" }
    const isWaveOpen = begun > 0 && batches[begun]?.wave !== batches[begun - 1].wave
    if (isWaveOpen && doneMs.length < batches[begun - 1].wave)
        return { ...still, phase: "watching", isWaveDone: true }
    const at = dueMs(plan, progress, rules.ignoresSchedule, nowMs)
    return { ...still, phase: "waiting", dueMs: at, isDue: nowMs >= at }
}
