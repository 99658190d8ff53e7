// What `moorage replay` does.
import { createInterface } from "node:readline"
import { type TraceEvent, traceLine, formatTraceEvent } from "@moorage/simulator"
import { realClock } from "@moorage/runtime"
import { UserError, WRONG_USAGE } from "../user-error.js"
import { ProgressLine } from "../progress.js"
import { formatElapsed } from "@moorage/report"
import { type SimulateBoardOptions, openerOf } from "../simulate/open-boards.js"

export interface ReplayCommandOptions extends SimulateBoardOptions {
    seed: number
    id: string
    from: number
    to?: number
    all: boolean
    json: boolean
}

const HELP = "Enter: next event   NUMBER Enter: so many   q Enter: end"

/** Runs the plan again, and keeps what is about the board. */
async function lifeOf(name: string, options: ReplayCommandOptions): Promise<TraceEvent[]> {
    const { seed, id, from, to = Infinity } = options
    const opener = await openerOf(name, options)
    const progress = new ProgressLine(realClock)
    const facts: TraceEvent[] = []
    const ids = new Set<string>()
    const run = opener.open(seed, {
        yieldToEventLoop: () => new Promise(done => void realClock.after(0, done)),
        hash: false,
        onEvent: fact => {
            ids.add(fact.board)
            const isItsOwn = fact.board === id || (fact.board === "" && fact.kind === "event")
            if (isItsOwn && fact.ms >= from * 1000 && fact.ms <= to * 1000) facts.push(fact)
        },
        onProgress: sec => progress.show(sec / run.plan.durationSec, formatElapsed(sec)),
    })
    await run.runToEnd()
    progress.end()
    if (!ids.has(id))
        throw new UserError(
            options.images === undefined
                ? `There is no ${id} in ${run.plan.name}: boards are board-0 to board-${run.plan.boards.count - 1}.`
                : `There is no image of ${id} in ${options.images}.`,
            WRONG_USAGE
        )
    return facts
}

/** Shows the facts a step at a time, as the person asks. */
async function step(facts: TraceEvent[]): Promise<void> {
    process.stdout.write(`${facts.length} events. ${HELP}\n`)
    let at = 0
    const show = (count: number) => {
        for (const end = Math.min(facts.length, at + count); at < end; at++)
            process.stdout.write(`${formatTraceEvent(facts[at])}\n`)
    }
    show(1)
    for await (const line of createInterface({ input: process.stdin })) {
        const said = line.trim()
        if (said === "q") return
        if (said === "" || /^\d+$/.test(said)) show(Number(said || 1))
        else process.stdout.write(`${HELP}\n`)
        if (at >= facts.length) return
    }
}

/** Shows one board's life in a run. @throws UserError */
export async function replay(name: string, options: ReplayCommandOptions): Promise<void> {
    const facts = await lifeOf(name, options)
    const isStepped = process.stdin.isTTY && process.stdout.isTTY && !options.all && !options.json
    if (isStepped) return step(facts)
    for (const fact of facts)
        process.stdout.write(`${options.json ? traceLine(fact) : formatTraceEvent(fact)}\n`)
}
