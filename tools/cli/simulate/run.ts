// Runs `moorage simulate`.
import { join } from "node:path"
import { EXIT_CODES } from "@moorage/errors"
import { formatElapsed } from "@moorage/report"
import { realClock } from "@moorage/runtime"
import {
    builtinPlans,
    type FleetRun,
    type FleetRunOptions,
    type Images,
    readSimulationPlan,
    replayCommands,
    runPlan,
    type RunResult,
    runSeeds,
    shrinkPlan,
    type SimulationPlan,
    summariseRuns,
    traceLine,
} from "@moorage/simulator"
import { createInterruptSignal } from "../interrupt.js"
import { writeOutputFile } from "../output-files.js"
import { ProgressLine } from "../progress-line.js"
import { usageError } from "../usage-error.js"
import { fleetRunOpener } from "./open-fleet-run.js"
import { runText, shrunkText, summaryText, violationText } from "./run-text.js"
import { serveFleet } from "./serve-fleet.js"
import { selectSeeds, type SimulateOptions } from "./simulate-options.js"
import { mergeFolder, openTrace } from "./trace-files.js"

const print = (text: string) => void process.stdout.write(`${text}\n`)
const yieldToEventLoop = () => new Promise<void>(done => void realClock.after(0, done))

function planList(): string {
    return builtinPlans()
        .map(name => `${name.padEnd(22)} ${readSimulationPlan(name).about}`)
        .join("\n")
}

/** Runs one seed, and shows the progress. @throws MoorageError FILE_NOT_WRITABLE for the trace */
async function runOneSeed(
    open: (options: FleetRunOptions) => FleetRun,
    { trace: traceFile }: SimulateOptions,
    signal: AbortSignal
): Promise<{ run: FleetRun; result: RunResult }> {
    const progress = new ProgressLine(realClock)
    const trace = traceFile === undefined ? undefined : openTrace(traceFile)
    try {
        const run = open({
            yieldToEventLoop,
            isCancelled: () => signal.aborted,
            onEvent: trace && (event => trace.append(traceLine(event))),
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

interface SeedsJob {
    plan: SimulationPlan
    images: Images
    seeds: number[]
    jobs: number
}

/** Runs several seeds on several threads, and shows the progress. */
async function runManySeeds(
    { plan, images, seeds, jobs }: SeedsJob,
    signal: AbortSignal
): Promise<RunResult[]> {
    const progress = new ProgressLine(realClock)
    process.stderr.write(`${seeds.length} seeds on ${Math.min(jobs, seeds.length)} threads ...\n`)
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

/** Searches for the smallest plan with the same violation, and prints it. */
async function printSmallestPlan(
    { plan, images }: { plan: SimulationPlan; images: Images },
    result: RunResult,
    { shrinkTries, signal }: { shrinkTries: number; signal: AbortSignal }
): Promise<void> {
    const [violation] = result.violations
    if (!violation || shrinkTries === 0 || signal.aborted) return
    process.stderr.write(
        `Searching for a smaller plan with the same violation (at most ${shrinkTries} tries) ...\n`
    )
    const tryPlan = (candidate: SimulationPlan) =>
        runPlan(
            { plan: candidate, seed: result.seed, images },
            { yieldToEventLoop, hashTrace: false, isCancelled: () => signal.aborted }
        )
    const shrunk = await shrinkPlan(plan, violation, { tryPlan, triesMax: shrinkTries })
    if (!signal.aborted) process.stderr.write(`${shrunkText(shrunk, result.seed)}\n`)
}

interface ResultContext {
    planName: string
    tookSec: number
    /** Whether all seeds ran to their end. */
    isComplete: boolean
}

/** Writes the output files and prints the result. @throws MoorageError FILE_NOT_WRITABLE */
async function printResults(
    results: RunResult[],
    options: SimulateOptions,
    { planName, tookSec, isComplete }: ResultContext
): Promise<void> {
    const { json, out, report } = options
    const [first] = results
    if (!first) return
    const summary = summariseRuns(first.plan, results)
    if (out !== undefined && isComplete)
        writeOutputFile(
            join(out, `${first.plan}-${first.seed}-${results.at(-1)?.seed}.json`),
            JSON.stringify(summary)
        )
    if (report !== undefined) {
        // The chart library is loaded only for a report.
        const { reportHtml } = await import("@moorage/simulator/report")
        writeOutputFile(report, reportHtml(results, { ...options, planName }))
        process.stderr.write(`Report: ${report}\n`)
    }
    const isSingle = results.length === 1
    if (json) print(JSON.stringify(isSingle ? first : summary))
    else print(isSingle ? runText(first, tookSec) : summaryText(summary, tookSec))
}

function printMerged(folder: string, json: boolean): void {
    const merged = mergeFolder(folder)
    print(json ? JSON.stringify(merged) : summaryText(merged))
    if (merged.seeds.some(({ first }) => first)) process.exitCode = EXIT_CODES.failed
}

/** Runs a plan, or merges the summaries of earlier runs. @throws MoorageError */
export async function simulate(planName: string | undefined, options: SimulateOptions): Promise<void> {
    if (options.list) return print(planList())
    if (options.merge !== undefined) return printMerged(options.merge, options.json)
    if (planName === undefined)
        throw usageError("No plan specified.", {
            cure: "`moorage simulate --list` lists the built-in plans.",
        })
    const seeds = selectSeeds(options)
    const oneSeedOption = (["trace", "images", "serve"] as const).find(name => options[name] !== undefined)
    if (seeds.length > 1 && oneSeedOption)
        throw usageError(`--${oneSeedOption} requires a single seed.`, { cure: "Use --seed." })
    const { plan, images, open } = await fleetRunOpener(planName, options)
    const signal = createInterruptSignal()
    const startMs = realClock.nowMs()
    const singleRun =
        seeds.length === 1 ? await runOneSeed(more => open(seeds[0], more), options, signal) : undefined
    const results = singleRun
        ? [singleRun.result]
        : await runManySeeds({ plan, images: images as Images, seeds, jobs: options.jobs }, signal)
    if (signal.aborted) process.stderr.write("Interrupted. The result contains only the completed part.\n")
    const tookSec = (realClock.nowMs() - startMs) / 1000
    await printResults(results, options, { planName, tookSec, isComplete: !signal.aborted })
    const broken = results.find(({ violationCount }) => violationCount > 0)
    if (broken) {
        if (!signal.aborted) process.exitCode = EXIT_CODES.failed
        process.stderr.write(`\n${violationText(broken, replayCommands(planName, options))}\n\n`)
        const { shrinkTries } = options
        if (images) await printSmallestPlan({ plan, images }, broken, { shrinkTries, signal })
    }
    if (singleRun && options.serve !== undefined && !signal.aborted) {
        const { exitCode } = process
        await serveFleet(singleRun.run, options.serve, signal)
        // Ctrl-C is the normal end of --serve.
        process.exitCode = exitCode
    }
}
