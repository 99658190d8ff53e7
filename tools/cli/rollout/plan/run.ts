// Runs `moorage rollout plan`.
import { DOCUMENTED_QUOTAS, type Rate } from "@moorage/emulator"
import { EXIT_CODES, MoorageError } from "@moorage/errors"
import { FileTransaction } from "@moorage/files"
import { wait } from "@moorage/fleet/azure"
import {
    ALL_HOURS,
    type FleetIds,
    makeRolloutPlan,
    parseTimeMs,
    type RolloutPlan,
    type RolloutPlanOptions,
    rolloutPlanText,
    type WorkingHours,
    writeSlots,
} from "@moorage/fleet/rollout"
import { formatElapsed, formatNumber } from "@moorage/report"
import { realClock } from "@moorage/runtime"
import { createInterruptSignal } from "../../interrupt.js"
import { writeError } from "../../output-files.js"
import { ProgressLine } from "../../progress-line.js"
import { usageError } from "../../usage-error.js"
import { loadFleetIds } from "../read-fleet-ids.js"
import { checkPlanOptions, defaultPlanFile } from "./check-plan-options.js"
import { planLines } from "./plan-text.js"

export interface RolloutPlanCommandOptions {
    out?: string
    registrations?: Rate
    hubConnects?: Rate
    hubs: number
    load: number
    slot?: number
    waves: number[]
    soak: number
    start?: string
    hours?: Pick<WorkingHours, "from" | "to">
    days?: number[]
    timeZone?: string
    batch?: number
    board?: string
    dryRun: boolean
    report?: string
    json: boolean
}

function parseStart(start: string | undefined, timeZone: string): number {
    if (start === undefined) return realClock.nowMs()
    try {
        return parseTimeMs(start, timeZone)
    } catch (error) {
        throw usageError(`Invalid --start ${start}.`, {
            cause: error,
            cure:
                `Use for example "2026-11-30 08:00" in ${timeZone}, or 2026-11-30T07:00Z. ` +
                "A local time can be missing or ambiguous when the clock changes.",
        })
    }
}

function toPlanOptions(options: RolloutPlanCommandOptions): RolloutPlanOptions {
    const { registrations, hubConnects, hubs, load, slot, waves, soak, batch } = options
    if (soak < 0) throw usageError("--soak must be 0 or more.")
    const timeZone = options.timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone
    return {
        limits: {
            registrations: registrations ?? (DOCUMENTED_QUOTAS.dpsRegistrations as Rate),
            hubConnects: hubConnects ?? (DOCUMENTED_QUOTAS.hubConnects as Rate),
            hubs,
            load,
        },
        slotSec: slot,
        waves,
        startMs: parseStart(options.start, timeZone),
        hours: { ...ALL_HOURS, ...options.hours, ...(options.days && { days: options.days }) },
        timeZone,
        soakSec: soak,
        batchMax: batch ?? Infinity,
    }
}

/** Shows the progress, and handles a pending interruption between two steps. */
class PlanProgress {
    private readonly progress = new ProgressLine(realClock)

    constructor(readonly signal: AbortSignal) {}

    show(part: number, text: string): void {
        this.progress.show(part, text)
    }

    /** Handles pending signals. @throws the reason of the signal when it is aborted */
    handleSignals(): Promise<void> {
        return wait(realClock, 0, this.signal)
    }

    end(): void {
        this.progress.end()
    }
}

/** Positions of the progress bar at the start and at the end of the prediction. */
const PREDICTION = { from: 0.25, to: 0.65 }

async function makePlan(
    boards: FleetIds,
    options: RolloutPlanOptions,
    progress: PlanProgress
): Promise<RolloutPlan> {
    const total = boards.ids.length
    const { from, to } = PREDICTION
    try {
        return await makeRolloutPlan(boards, options, async n => {
            progress.show(
                from + (to - from) * (n / total),
                `${formatNumber(n)} of ${formatNumber(total)} boards modelled`
            )
            await progress.handleSignals()
        })
    } catch (error) {
        if (!(error instanceof RangeError)) throw error
        throw new MoorageError("PLAN_IMPOSSIBLE", `No such plan is possible: ${error.message}.`, {
            cause: error,
        })
    }
}

interface PlannedFleet {
    fleet: string
    boards: FleetIds
    plan: RolloutPlan
}

/** Writes all files, or none. @throws MoorageError; the reason of the signal when it is aborted */
async function writeFiles(
    { fleet, boards, plan }: PlannedFleet,
    { dryRun, report, out = defaultPlanFile(fleet) }: RolloutPlanCommandOptions,
    progress: PlanProgress
): Promise<void> {
    const transaction = new FileTransaction()
    const total = boards.ids.length
    let file = out
    try {
        await transaction.write(out, [rolloutPlanText(plan)])
        if (report !== undefined) {
            file = report
            // The chart library is loaded only for a report.
            const { planHtml } = await import("./plan-page.js")
            await transaction.write(report, [planHtml(plan)])
        }
        file = fleet
        const onProgress = (n: number) =>
            progress.show(
                PREDICTION.to + (1 - PREDICTION.to) * (n / total),
                `${formatNumber(n)} boards written`
            )
        if (!dryRun)
            await writeSlots(transaction, {
                file: fleet,
                ids: boards.ids,
                plan,
                onProgress,
                signal: progress.signal,
            })
        await transaction.commit()
    } catch (error) {
        await transaction.rollback()
        if (progress.signal.aborted || error instanceof MoorageError) throw error
        throw writeError(file, error)
    }
}

/** Plans a roll-out, and writes the plan and the slots. @throws MoorageError */
export async function planRollout(fleet: string, options: RolloutPlanCommandOptions): Promise<void> {
    const progress = new PlanProgress(createInterruptSignal())
    const { signal } = progress
    const startMs = realClock.nowMs()
    try {
        checkPlanOptions(fleet, options)
        const planOptions = toPlanOptions(options)
        const boards = await loadFleetIds(fleet, {
            consequence: "No plan was made.",
            board: options.board,
            // The total is unknown until the file is read.
            onRead: n => progress.show(0, `${formatNumber(n)} boards read`),
            signal,
        })
        const plan = await makePlan(boards, planOptions, progress)
        await writeFiles({ fleet, boards, plan }, options, progress)
        progress.end()
        const { json, dryRun, report, out = defaultPlanFile(fleet) } = options
        const elapsed = formatElapsed((realClock.nowMs() - startMs) / 1000)
        const lines = planLines(plan, process.stdout.columns ?? 100)
        process.stdout.write(json ? `${JSON.stringify(plan)}\n` : `${lines.join("\n")}\n`)
        const written = [out, ...(dryRun ? [] : [fleet]), ...(report === undefined ? [] : [report])]
        process.stderr.write(`Written in ${elapsed}: ${written.join(", ")}\n`)
    } catch (error) {
        if (!signal.aborted) throw error
        progress.end()
        process.exitCode = EXIT_CODES.interrupted
        process.stderr.write("Interrupted: nothing was written.\n")
    } finally {
        progress.end()
    }
}
