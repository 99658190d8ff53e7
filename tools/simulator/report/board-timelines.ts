// Timelines of the boards with a violation: their states, and marks for failures, events of the plan and violations.
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import type { TraceEvent } from "../trace/trace-event.js"
import type { RunResult } from "../trace/run-result.js"

export type BoardState = "off" | "dps" | "hub" | "moored"

export interface StateSpan {
    state: BoardState
    fromMs: number
    toMs: number
    service?: string
}

export type MarkKind = "failed" | "throttled" | "restart" | "event" | "violation"

export interface TimelineMark {
    kind: MarkKind
    ms: number
    text: string
}

export interface BoardTimeline {
    board: string
    spans: StateSpan[]
    marks: TimelineMark[]
}

/** Minimum time that is shown after a violation. */
const AFTER_MIN_MS = 60_000
const AFTER_SHARE = 0.15

const isDps = (service: string | undefined) => service === "dps" || service === GLOBAL_DEVICE_ENDPOINT

const CONNECTION_ENDS: ReadonlySet<string> = new Set(["hangUp", "lost", "fail", "disconnect"])
const RESTARTS: ReadonlySet<string> = new Set(["reset", "panic", "start"])
/** Only a moored board causes these events. They show the state of a board whose first events are unknown. */
const MOORED_ONLY: ReadonlySet<string> = new Set(["telemetry", "c2d", "method", "methodResponse", "twin"])

/** Returns the state that begins with the event; null if the state ends and none begins, undefined if it continues. */
function stateAfter(
    { kind, service, status = 0, detail }: TraceEvent,
    now: BoardState | undefined
): BoardState | null | undefined {
    if (kind === "power") return detail === "off" ? "off" : null
    if (RESTARTS.has(kind)) return null
    if (kind === "dial") return isDps(service) ? "dps" : "hub"
    if (kind === "connack" && !isDps(service)) return status === 0 ? "moored" : null
    if (MOORED_ONLY.has(kind) && !isDps(service) && now === undefined) return "moored"
    return CONNECTION_ENDS.has(kind) ? null : undefined
}

function stateSpans(events: TraceEvent[], endMs: number): StateSpan[] {
    const spans: StateSpan[] = []
    let open: StateSpan | undefined
    const close = (toMs: number) => {
        if (open) spans.push({ ...open, toMs })
        open = undefined
    }
    for (const event of events) {
        const state = stateAfter(event, open?.state)
        if (state === undefined || (state !== null && state === open?.state)) continue
        close(event.ms)
        if (state !== null) open = { state, fromMs: event.ms, toMs: endMs, service: event.service }
    }
    close(endMs)
    return spans
}

function eventMark({ ms, kind, service, status = 0, detail }: TraceEvent): TimelineMark | undefined {
    const text = [kind, status || undefined, service, detail].filter(part => part !== undefined).join(" ")
    if (status === 429) return { kind: "throttled", ms, text }
    if (kind === "fail" || (kind === "connack" && status > 0) || status >= 400)
        return { kind: "failed", ms, text }
    if (kind === "reset" || kind === "panic" || kind === "torn") return { kind: "restart", ms, text }
    return kind === "event" ? { kind: "event", ms, text } : undefined
}

/** All timelines, and the period that they show. */
export interface BoardTimelines {
    fromMs: number
    toMs: number
    timelines: BoardTimeline[]
}

/**
 * Returns the timelines of the boards with a violation, from the first known event to some time after the last violation.
 * Returns undefined if there is no violation.
 */
export function boardTimelines({
    timelines,
    violations,
    durationSec,
}: RunResult): BoardTimelines | undefined {
    const starts = timelines.flatMap(({ events }) => events[0]?.ms ?? [])
    if (starts.length === 0) return undefined
    const fromMs = Math.min(...starts)
    const lastMs = Math.max(fromMs, ...violations.map(({ ms }) => ms))
    const afterMs = Math.max(AFTER_MIN_MS, (lastMs - fromMs) * AFTER_SHARE)
    const toMs = Math.max(lastMs, Math.min(lastMs + afterMs, durationSec * 1000))
    return {
        fromMs,
        toMs,
        timelines: timelines.map(({ board, events }) => {
            const shown = events.filter(({ ms }) => ms <= toMs)
            const broken = violations.filter(violation => violation.board === board)
            return {
                board,
                spans: stateSpans(shown, toMs),
                marks: [
                    ...shown.flatMap(event => eventMark(event) ?? []),
                    ...broken.map(({ ms, invariant, what }): TimelineMark => {
                        return { kind: "violation", ms, text: `${invariant}: ${what}` }
                    }),
                ],
            }
        }),
    }
}

/** Returns the spans of one state. Spans with less than `gapMs` between them are joined, because they look like one. */
export function joinedSpans(timeline: BoardTimeline, state: BoardState, gapMs: number): StateSpan[] {
    const joined: StateSpan[] = []
    for (const span of timeline.spans.filter(item => item.state === state)) {
        const last = joined.at(-1)
        if (last && last.service === span.service && span.fromMs - last.toMs < gapMs) last.toMs = span.toMs
        else joined.push({ ...span })
    }
    return joined
}

/** Returns the marks of one kind. A mark represents all marks that follow within `nearMs`, and its text has their number. */
export function groupedMarks(timeline: BoardTimeline, kind: MarkKind, nearMs: number): TimelineMark[] {
    const groups: TimelineMark[][] = []
    for (const mark of timeline.marks.filter(item => item.kind === kind)) {
        const group = groups.at(-1)
        if (group?.[0] && mark.ms - group[0].ms < nearMs) group.push(mark)
        else groups.push([mark])
    }
    return groups.flatMap(([first, ...more]) => {
        if (!first) return []
        return more.length === 0 ? first : { ...first, text: `${first.text}, and ${more.length} more` }
    })
}
