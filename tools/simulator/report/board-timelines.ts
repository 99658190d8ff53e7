// A lane for each board that broke a rule: what it was at, when, and what struck it.
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

/** Of a violation, at least this much of what came after is shown. */
const AFTER_MIN_MS = 60_000
const AFTER_SHARE = 0.15

const isDps = (service: string | undefined) => service === "dps" || service === GLOBAL_DEVICE_ENDPOINT

const CONNECTION_ENDS: ReadonlySet<string> = new Set(["hangUp", "lost", "fail", "disconnect"])
const RESTARTS: ReadonlySet<string> = new Set(["reset", "panic", "start"])
/** What only a moored board does: it tells the state of one that was watched from the middle of its life. */
const MOORED_ONLY: ReadonlySet<string> = new Set(["telemetry", "c2d", "method", "methodResponse", "twin"])

/** The state that begins with the fact; null when one ends and no other begins, undefined when it goes on. */
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

function stateSpans(facts: TraceEvent[], endMs: number): StateSpan[] {
    const spans: StateSpan[] = []
    let open: StateSpan | undefined
    const close = (toMs: number) => {
        if (open) spans.push({ ...open, toMs })
        open = undefined
    }
    for (const fact of facts) {
        const state = stateAfter(fact, open?.state)
        if (state === undefined || (state !== null && state === open?.state)) continue
        close(fact.ms)
        if (state !== null) open = { state, fromMs: fact.ms, toMs: endMs, service: fact.service }
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

export interface BoardTimelines {
    fromMs: number
    toMs: number
    lanes: BoardTimeline[]
}

/** The lanes of the boards with a violation, from the first fact that is known to a while after the last violation. */
export function boardTimelines({ lanes, violations, durationSec }: RunResult): BoardTimelines | undefined {
    const starts = lanes.flatMap(({ facts }) => facts[0]?.ms ?? [])
    if (starts.length === 0) return undefined
    const fromMs = Math.min(...starts)
    const lastMs = Math.max(fromMs, ...violations.map(({ ms }) => ms))
    const afterMs = Math.max(AFTER_MIN_MS, (lastMs - fromMs) * AFTER_SHARE)
    const toMs = Math.max(lastMs, Math.min(lastMs + afterMs, durationSec * 1000))
    return {
        fromMs,
        toMs,
        lanes: lanes.map(({ board, facts }) => {
            const shown = facts.filter(({ ms }) => ms <= toMs)
            const broken = violations.filter(violation => violation.board === board)
            return {
                board,
                spans: stateSpans(shown, toMs),
                marks: [
                    ...shown.flatMap(fact => eventMark(fact) ?? []),
                    ...broken.map(({ ms, invariant, what }): TimelineMark => {
                        return { kind: "violation", ms, text: `${invariant}: ${what}` }
                    }),
                ],
            }
        }),
    }
}

/** The spans of one state, those joined that have less than `gapMs` between them: a drawing could not tell them apart. */
export function joinedSpans(lane: BoardTimeline, state: BoardState, gapMs: number): StateSpan[] {
    const joined: StateSpan[] = []
    for (const span of lane.spans.filter(each => each.state === state)) {
        const last = joined.at(-1)
        if (last && last.service === span.service && span.fromMs - last.toMs < gapMs) last.toMs = span.toMs
        else joined.push({ ...span })
    }
    return joined
}

/** The marks of one kind, each with those that follow within `nearMs`: how many these are is said in its text. */
export function groupedMarks(lane: BoardTimeline, kind: MarkKind, nearMs: number): TimelineMark[] {
    const groups: TimelineMark[][] = []
    for (const mark of lane.marks.filter(each => each.kind === kind)) {
        const group = groups.at(-1)
        if (group?.[0] && mark.ms - group[0].ms < nearMs) group.push(mark)
        else groups.push([mark])
    }
    return groups.flatMap(([first, ...more]) => {
        if (!first) return []
        return more.length === 0 ? first : { ...first, text: `${first.text}, and ${more.length} more` }
    })
}
