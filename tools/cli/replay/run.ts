// Runs `moorage replay`.
import { createInterface } from "node:readline"
import { formatElapsed } from "@moorage/report"
import { realClock } from "@moorage/runtime"
import { formatTraceEvent, type TraceEvent, traceLine } from "@moorage/simulator"
import { ProgressLine } from "../progress-line.js"
import { type FleetRunSource, fleetRunOpener } from "../simulate/open-fleet-run.js"
import { usageError } from "../usage-error.js"

export interface ReplayCommandOptions extends FleetRunSource {
    seed: number
    id: string
    from: number
    to?: number
    all: boolean
    json: boolean
}

const KEY_HELP = "Enter: next event   NUMBER Enter: next NUMBER events   q Enter: quit"

/** Runs the plan again, and returns the events of the board and of the cloud. @throws MoorageError */
async function boardEvents(planName: string, options: ReplayCommandOptions): Promise<TraceEvent[]> {
    const { seed, id, from, to = Infinity } = options
    const opener = await fleetRunOpener(planName, options)
    const progress = new ProgressLine(realClock)
    const events: TraceEvent[] = []
    const ids = new Set<string>()
    const run = opener.open(seed, {
        yieldToEventLoop: () => new Promise(done => void realClock.after(0, done)),
        hashTrace: false,
        onEvent: event => {
            ids.add(event.board)
            const isShown = event.board === id || (event.board === "" && event.kind === "event")
            if (isShown && event.ms >= from * 1000 && event.ms <= to * 1000) events.push(event)
        },
        onProgress: sec => progress.show(sec / run.plan.durationSec, formatElapsed(sec)),
    })
    await run.runToEnd()
    progress.end()
    if (!ids.has(id))
        throw usageError(
            options.images === undefined
                ? `Unknown board ${id} in plan ${run.plan.name} (boards: board-0 to board-${run.plan.boards.count - 1}).`
                : `No image of ${id} in ${options.images}.`
        )
    return events
}

/** Prints the events step by step, as the user requests them. */
async function stepThrough(events: TraceEvent[]): Promise<void> {
    process.stdout.write(`${events.length} events. ${KEY_HELP}\n`)
    let next = 0
    const show = (count: number) => {
        for (const end = Math.min(events.length, next + count); next < end; next++)
            process.stdout.write(`${formatTraceEvent(events[next])}\n`)
    }
    show(1)
    for await (const line of createInterface({ input: process.stdin })) {
        const input = line.trim()
        if (input === "q") return
        if (input === "" || /^\d+$/.test(input)) show(Number(input || 1))
        else process.stdout.write(`${KEY_HELP}\n`)
        if (next >= events.length) return
    }
}

/** Shows the events of one board in a run. @throws MoorageError */
export async function replay(planName: string, options: ReplayCommandOptions): Promise<void> {
    const events = await boardEvents(planName, options)
    const isStepped = process.stdin.isTTY && process.stdout.isTTY && !options.all && !options.json
    if (isStepped) return stepThrough(events)
    const format = options.json ? traceLine : formatTraceEvent
    for (const event of events) process.stdout.write(`${format(event)}\n`)
}
