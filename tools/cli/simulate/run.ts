// What `moorage simulate` does.
import { join } from "node:path"
import {
    factLine,
    type Images,
    loadImages,
    type Plan,
    readPlan,
    readyPlans,
    replayOf,
    type RunResult,
    runPlan,
    runSeeds,
    shrink,
    summarise,
    withBoardCount,
} from "@moorage/simulator"
import { realClock } from "@moorage/time"
import { UserError, WRONG_USAGE } from "../fail.js"
import { writeWhole } from "../files.js"
import { interruption } from "../interrupt.js"
import { Progress } from "../progress.js"
import { duration } from "../words.js"
import { mergeFolder, openTrace } from "./files.js"
import { runText, shrunkText, summaryText, violationText } from "./text.js"

export interface Options {
    seed?: number
    seeds?: number[]
    index?: number
    seedsPerIndex: number
    boards?: number
    jobs: number
    json: boolean
    report?: string
    trace?: string
    out?: string
    merge?: string
    list: boolean
    shrinkTries: number
}

const VIOLATED = 1

const breathe = () => new Promise<void>(done => void realClock.after(0, done))

/** The seeds asked for; an index is that of a Kubernetes Indexed Job or of a CI matrix. */
function seedsOf({ seed, seeds, index, seedsPerIndex }: Options): number[] {
    if (seeds) return seeds
    if (seed !== undefined) return [seed]
    const given = index ?? Number(process.env.JOB_COMPLETION_INDEX ?? NaN)
    if (Number.isNaN(given)) return [1]
    return Array.from({ length: seedsPerIndex }, (_, i) => given * seedsPerIndex + i + 1)
}

function listPlans(): string {
    return readyPlans()
        .map(name => `${name.padEnd(22)} ${readPlan(name).about}`)
        .join("\n")
}

async function runOne(
    plan: Plan,
    seed: number,
    images: Images,
    options: Options,
    signal: AbortSignal
): Promise<RunResult> {
    const progress = new Progress(realClock)
    const trace = options.trace === undefined ? undefined : openTrace(options.trace)
    try {
        return await runPlan(plan, seed, images, {
            breathe,
            isCancelled: () => signal.aborted,
            onFact: trace && (fact => trace.line(factLine(fact))),
            onProgress: (sec, moored) =>
                progress.show(
                    sec / plan.durationSec,
                    `${duration(sec)} of ${duration(plan.durationSec)}, ${moored} moored`
                ),
        })
    } finally {
        progress.end()
        await trace?.end()
    }
}

async function runMany(
    plan: Plan,
    seeds: number[],
    images: Images,
    jobs: number,
    signal: AbortSignal
): Promise<RunResult[]> {
    const progress = new Progress(realClock)
    process.stderr.write(`${seeds.length} seeds over ${Math.min(jobs, seeds.length)} threads ...\n`)
    let done = 0
    let broken = 0
    const results = await runSeeds(plan, seeds, images, {
        jobs,
        signal,
        onResult: ({ violationCount }) => {
            done++
            if (violationCount > 0) broken++
            progress.show(done / seeds.length, `${done} of ${seeds.length} seeds, ${broken} with violations`)
        },
    })
    progress.end()
    return results
}

/** Looks for the smallest plan that fails like this run, and prints it. */
async function printShrunk(
    plan: Plan,
    result: RunResult,
    images: Images,
    options: Options,
    signal: AbortSignal
) {
    const [violation] = result.violations
    if (!violation || options.shrinkTries === 0 || signal.aborted) return
    process.stderr.write(
        `Looking for a smaller plan that fails alike (${options.shrinkTries} tries at most) ...\n`
    )
    const tryPlan = (candidate: Plan) =>
        runPlan(candidate, result.seed, images, {
            breathe,
            hash: false,
            isCancelled: () => signal.aborted,
        })
    const shrunk = await shrink(plan, violation, tryPlan, options.shrinkTries)
    if (!signal.aborted) process.stderr.write(`${shrunkText(shrunk, result.seed)}\n`)
}

/** Runs a plan, or sums up runs. @throws UserError */
export async function simulate(name: string | undefined, options: Options): Promise<void> {
    const say = (text: string) => process.stdout.write(`${text}\n`)
    if (options.list) {
        say(listPlans())
        return
    }
    if (options.merge !== undefined) {
        const merged = mergeFolder(options.merge)
        say(options.json ? JSON.stringify(merged) : summaryText(merged))
        if (merged.seeds.some(({ first }) => first)) process.exitCode = VIOLATED
        return
    }
    if (name === undefined)
        throw new UserError("Which plan? `moorage simulate --list` names the ready ones.", WRONG_USAGE)
    const read = readPlan(name)
    const plan = options.boards === undefined ? read : withBoardCount(read, options.boards)
    const seeds = seedsOf(options)
    if (seeds.length > 1 && options.trace !== undefined)
        throw new UserError("--trace is for one seed: give --seed.", WRONG_USAGE)
    const images = await loadImages()
    const signal = interruption()
    const startMs = realClock.nowMs()
    const results =
        seeds.length === 1
            ? [await runOne(plan, seeds[0], images, options, signal)]
            : await runMany(plan, seeds, images, options.jobs, signal)
    const tookSec = (realClock.nowMs() - startMs) / 1000
    const summary = summarise(plan.name, results)
    if (signal.aborted) process.stderr.write("Interrupted: what follows is what was done by then.\n")
    if (options.out !== undefined && !signal.aborted)
        writeWhole(
            join(options.out, `${plan.name}-${seeds[0]}-${seeds.at(-1)}.json`),
            JSON.stringify(summary)
        )
    if (options.report !== undefined) {
        // The charts' library is loaded only for those who want charts.
        const { reportHtml } = await import("@moorage/simulator/report/index.js")
        writeWhole(options.report, reportHtml(results, { planName: name, boards: options.boards }))
        process.stderr.write(`Report: ${options.report}\n`)
    }
    const [only] = results
    if (options.json) say(JSON.stringify(seeds.length === 1 ? only : summary))
    else say(seeds.length === 1 && only ? runText(only, tookSec) : summaryText(summary, tookSec))
    const broken = results.find(({ violationCount }) => violationCount > 0)
    if (!broken) return
    if (!signal.aborted) process.exitCode = VIOLATED
    process.stderr.write(`\n${violationText(broken, replayOf(name, options.boards))}\n\n`)
    await printShrunk(plan, broken, images, options, signal)
}
