// What `moorage simulate` does.
import { join } from "node:path"
import {
    traceLine,
    type FleetRun,
    type Images,
    type SimulationPlan,
    readSimulationPlan,
    builtinPlans,
    replayCommands,
    type FleetRunOptions,
    type RunResult,
    runPlan,
    runSeeds,
    shrinkPlan,
    summariseRuns,
} from "@moorage/simulator"
import { realClock } from "@moorage/runtime"
import { UserError, WRONG_USAGE } from "../user-error.js"
import { writeOutputFile } from "../output-files.js"
import { interruption } from "../interrupt.js"
import { ProgressLine } from "../progress.js"
import { formatElapsed } from "@moorage/report"
import { type SimulateBoardOptions, openerOf } from "./open-boards.js"
import { mergeFolder, openTrace } from "./trace-files.js"
import { live } from "./serve.js"
import { runText, shrunkText, summaryText, violationText } from "./run-text.js"

export interface SimulateOptions extends SimulateBoardOptions {
    seed?: number
    seeds?: number[]
    index?: number
    seedsPerIndex: number
    jobs: number
    json: boolean
    report?: string
    trace?: string
    out?: string
    merge?: string
    list: boolean
    shrinkTries: number
    serve?: string
}

const VIOLATED = 1

const yieldToEventLoop = () => new Promise<void>(done => void realClock.after(0, done))

/** The seeds asked for; an index is that of a Kubernetes Indexed Job or of a CI matrix. */
function seedsOf({ seed, seeds, index, seedsPerIndex }: SimulateOptions): number[] {
    if (seeds) return seeds
    if (seed !== undefined) return [seed]
    const given = index ?? Number(process.env.JOB_COMPLETION_INDEX ?? NaN)
    if (Number.isNaN(given)) return [1]
    return Array.from({ length: seedsPerIndex }, (_, i) => given * seedsPerIndex + i + 1)
}

function listPlans(): string {
    return builtinPlans()
        .map(name => `${name.padEnd(22)} ${readSimulationPlan(name).about}`)
        .join("\n")
}

/** Opens a run, lets it pass, and tells how far it is. */
async function runOne(
    open: (options: FleetRunOptions) => FleetRun,
    { trace: traceFile }: SimulateOptions,
    signal: AbortSignal
): Promise<{ run: FleetRun; result: RunResult }> {
    const progress = new ProgressLine(realClock)
    const trace = traceFile === undefined ? undefined : openTrace(traceFile)
    try {
        const run = open({
            yieldToEventLoop: yieldToEventLoop,
            isCancelled: () => signal.aborted,
            onEvent: trace && (fact => trace.line(traceLine(fact))),
            onProgress: (sec, moored) => {
                const { durationSec } = run.plan
                progress.show(
                    sec / durationSec,
                    `${formatElapsed(sec)} of ${formatElapsed(durationSec)}, ${moored} moored`
                )
            },
        })
        return { run, result: await run.runToEnd() }
    } finally {
        progress.end()
        await trace?.end()
    }
}

async function runMany(
    plan: SimulationPlan,
    seeds: number[],
    images: Images,
    jobs: number,
    signal: AbortSignal
): Promise<RunResult[]> {
    const progress = new ProgressLine(realClock)
    process.stderr.write(`${seeds.length} seeds over ${Math.min(jobs, seeds.length)} threads ...\n`)
    let done = 0
    let broken = 0
    const results = await runSeeds(
        { plan, seeds, images },
        {
            jobs,
            signal,
            onResult: ({ violationCount }) => {
                done++
                if (violationCount > 0) broken++
                progress.show(
                    done / seeds.length,
                    `${done} of ${seeds.length} seeds, ${broken} with violations`
                )
            },
        }
    )
    progress.end()
    return results
}

/** Looks for the smallest plan that fails like this run, and prints it. */
async function printShrunk(
    plan: SimulationPlan,
    result: RunResult,
    images: Images,
    options: SimulateOptions,
    signal: AbortSignal
) {
    const [violation] = result.violations
    if (!violation || options.shrinkTries === 0 || signal.aborted) return
    process.stderr.write(
        `Looking for a smaller plan that fails alike (${options.shrinkTries} tries at most) ...\n`
    )
    const tryPlan = (candidate: SimulationPlan) =>
        runPlan(
            { plan: candidate, seed: result.seed, images },
            {
                yieldToEventLoop: yieldToEventLoop,
                hash: false,
                isCancelled: () => signal.aborted,
            }
        )
    const shrunk = await shrinkPlan(plan, violation, { tryPlan, triesMax: options.shrinkTries })
    if (!signal.aborted) process.stderr.write(`${shrunkText(shrunk, result.seed)}\n`)
}

/** Writes and prints what was found. */
async function printResults(
    name: string,
    results: RunResult[],
    options: SimulateOptions,
    tookSec: number,
    isWhole: boolean
): Promise<void> {
    const { json, out, report } = options
    const [only] = results
    if (!only) return
    const say = (text: string) => process.stdout.write(`${text}\n`)
    const summary = summariseRuns(only.plan, results)
    if (out !== undefined && isWhole)
        writeOutputFile(
            join(out, `${only.plan}-${only.seed}-${results.at(-1)?.seed}.json`),
            JSON.stringify(summary)
        )
    if (report !== undefined) {
        // The charts' library is loaded only for those who want charts.
        const { reportHtml } = await import("@moorage/simulator/report")
        writeOutputFile(report, reportHtml(results, { ...options, planName: name }))
        process.stderr.write(`Report: ${report}\n`)
    }
    const isOne = results.length === 1
    if (json) say(JSON.stringify(isOne ? only : summary))
    else say(isOne ? runText(only, tookSec) : summaryText(summary, tookSec))
}

function tellMerged({ merge = "", json }: SimulateOptions): void {
    const merged = mergeFolder(merge)
    process.stdout.write(`${json ? JSON.stringify(merged) : summaryText(merged)}\n`)
    if (merged.seeds.some(({ first }) => first)) process.exitCode = VIOLATED
}

/** Runs a plan, or sums up runs. @throws UserError */
export async function simulate(name: string | undefined, options: SimulateOptions): Promise<void> {
    if (options.list) {
        process.stdout.write(`${listPlans()}\n`)
        return
    }
    if (options.merge !== undefined) return tellMerged(options)
    if (name === undefined)
        throw new UserError("Which plan? `moorage simulate --list` names the ready ones.", WRONG_USAGE)
    const seeds = seedsOf(options)
    const oneSeedOnly = (["trace", "images", "serve"] as const).find(option => options[option] !== undefined)
    if (seeds.length > 1 && oneSeedOnly)
        throw new UserError(`--${oneSeedOnly} is for one seed: give --seed.`, WRONG_USAGE)
    const { plan, images, open } = await openerOf(name, options)
    const signal = interruption()
    const startMs = realClock.nowMs()
    const one = seeds.length === 1 ? await runOne(more => open(seeds[0], more), options, signal) : undefined
    const results = one ? [one.result] : await runMany(plan, seeds, images as Images, options.jobs, signal)
    if (signal.aborted) process.stderr.write("Interrupted: what follows is what was done by then.\n")
    await printResults(name, results, options, (realClock.nowMs() - startMs) / 1000, !signal.aborted)
    const broken = results.find(({ violationCount }) => violationCount > 0)
    if (broken) {
        if (!signal.aborted) process.exitCode = VIOLATED
        process.stderr.write(`\n${violationText(broken, replayCommands(name, options))}\n\n`)
        if (images) await printShrunk(plan, broken, images, options, signal)
    }
    if (one && options.serve !== undefined && !signal.aborted) await serve(one.run, options.serve, signal)
}

/** Ctrl-C is how it is meant to end. */
async function serve(run: FleetRun, cardFile: string, signal: AbortSignal): Promise<void> {
    const { exitCode } = process
    await live(run, cardFile, signal)
    process.exitCode = exitCode
}
