// What `moorage rollout plan` does.
import { DOCUMENTED_QUOTAS, type Rate } from "@moorage/emulator"
import { wait } from "@moorage/fleet/azure"
import { FleetError } from "@moorage/fleet"
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
import { FileTransaction } from "@moorage/files"
import { realClock } from "@moorage/runtime"
import { UserError, WRONG_USAGE } from "../user-error.js"
import { ioError } from "../output-files.js"
import { INTERRUPTED, interruption } from "../interrupt.js"
import { ProgressLine } from "../progress.js"
import { formatElapsed, formatNumber } from "@moorage/report"
import { fleetIds } from "./read-fleet.js"
import { checkPlan, planFile } from "./check-plan-options.js"
import { planLines } from "./plan-text.js"

export interface PlanRolloutOptions {
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

function startMs(start: string | undefined, timeZone: string): number {
    if (start === undefined) return realClock.nowMs()
    try {
        return parseTimeMs(start, timeZone)
    } catch (error) {
        const form = `such as "2026-11-30 08:00" in ${timeZone}, or 2026-11-30T07:00Z`
        const shift = "When the clock is put forward or back some local times are there never or twice."
        throw new UserError(`--start ${start} is no time, ${form}. ${shift}`, WRONG_USAGE, { cause: error })
    }
}

function choicesOf(options: PlanRolloutOptions): RolloutPlanOptions {
    const { registrations, hubConnects, hubs, load, slot, waves, soak, batch } = options
    if (soak < 0) throw new UserError("--soak is 0 or more.", WRONG_USAGE)
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
        startMs: startMs(options.start, timeZone),
        hours: { ...ALL_HOURS, ...options.hours, ...(options.days && { days: options.days }) },
        timeZone,
        soakSec: soak,
        batchMax: batch ?? Infinity,
    }
}

/** Says how far it is, and ends when the user wants. */
class Steps {
    private readonly progress = new ProgressLine(realClock)

    constructor(readonly signal: AbortSignal) {}

    show(part: number, text: string): void {
        this.progress.show(part, text)
    }

    /** Lets a Ctrl-C in between. @throws what the signal was aborted with */
    pause(): Promise<void> {
        return wait(realClock, 0, this.signal)
    }

    end(): void {
        this.progress.end()
    }
}

/** Parts of the work, as they take their time: reading, the model, writing. */
const PREDICTED = { from: 0.25, to: 0.65 }

async function planned(boards: FleetIds, choices: RolloutPlanOptions, steps: Steps): Promise<RolloutPlan> {
    const all = boards.ids.length
    const { from, to } = PREDICTED
    try {
        return await makeRolloutPlan(boards, choices, async n => {
            steps.show(
                from + (to - from) * (n / all),
                `${formatNumber(n)} of ${formatNumber(all)} boards modelled`
            )
            await steps.pause()
        })
    } catch (error) {
        if (!(error instanceof RangeError)) throw error
        throw new UserError(`There is no such plan: ${error.message}.`, WRONG_USAGE, { cause: error })
    }
}

/** All of the files, or none. */
async function write(
    fleet: string,
    boards: FleetIds,
    planRollout: RolloutPlan,
    options: PlanRolloutOptions,
    steps: Steps
): Promise<void> {
    const { dryRun, report, out = planFile(fleet) } = options
    const staged = new FileTransaction()
    const all = boards.ids.length
    let file = out
    try {
        await staged.write(out, [rolloutPlanText(planRollout)])
        if (report !== undefined) {
            file = report
            // The charts' library is loaded only for those who want charts.
            const { planHtml } = await import("./plan-page.js")
            await staged.write(report, [planHtml(planRollout)])
        }
        file = fleet
        const onWritten = (n: number) =>
            steps.show(PREDICTED.to + (1 - PREDICTED.to) * (n / all), `${formatNumber(n)} boards written`)
        if (!dryRun) await writeSlots(fleet, boards, planRollout, staged, onWritten, steps.signal)
        await staged.commit()
    } catch (error) {
        await staged.rollback()
        if (steps.signal.aborted) throw error
        if (error instanceof FleetError) throw new UserError(error.message, WRONG_USAGE, { cause: error })
        throw ioError("write", file, error)
    }
}

/** @throws UserError */
export async function plan(fleet: string, options: PlanRolloutOptions): Promise<void> {
    const steps = new Steps(interruption())
    const beganMs = realClock.nowMs()
    try {
        checkPlan(fleet, options)
        const choices = choicesOf(options)
        // How many there are is not known before all are read.
        const onRead = (n: number) => steps.show(0, `${formatNumber(n)} boards read`)
        const boards = await fleetIds(fleet, "Nothing was planned.", onRead, steps.signal, options.board)
        const made = await planned(boards, choices, steps)
        await write(fleet, boards, made, options, steps)
        steps.end()
        const { json, dryRun, report, out = planFile(fleet) } = options
        const tookSec = (realClock.nowMs() - beganMs) / 1000
        const lines = planLines(made, process.stdout.columns ?? 100)
        process.stdout.write(json ? `${JSON.stringify(made)}\n` : `${lines.join("\n")}\n`)
        const written = [out, ...(dryRun ? [] : [fleet]), ...(report === undefined ? [] : [report])]
        process.stderr.write(`Written in ${formatElapsed(tookSec)}: ${written.join(", ")}\n`)
    } catch (error) {
        if (!steps.signal.aborted) throw error
        steps.end()
        process.exitCode = INTERRUPTED
        process.stderr.write("Interrupted: nothing was written.\n")
    } finally {
        steps.end()
    }
}
