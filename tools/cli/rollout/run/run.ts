// Runs `moorage rollout run`.
import { EXIT_CODES, MoorageError } from "@moorage/errors"
import { acquireLock } from "@moorage/files"
import { CloudError, type DpsApi } from "@moorage/fleet/azure"
import {
    type FleetIds,
    type LoadedPlan,
    ratePerSec,
    readRolloutPlan,
    type RolloutEvent,
    type RolloutPlan,
    RolloutRun,
    RolloutState,
    type RolloutRules,
    type RolloutEnd,
    parseThrottledCount,
    THROTTLE_WINDOW_SEC,
} from "@moorage/fleet/rollout"
import { formatElapsed } from "@moorage/report"
import { realClock } from "@moorage/runtime"
import type { ConnectionOptions } from "../../connection-options.js"
import { createInterruptSignal } from "../../interrupt.js"
import { ProgressLine } from "../../progress-line.js"
import { noDpsError, openCommandServices } from "../../services.js"
import { usageError } from "../../usage-error.js"
import { loadFleetIds } from "../read-fleet-ids.js"
import { eventText, numbersText } from "./event-text.js"
import { runPowerCommand } from "./power-command.js"

export interface RolloutRunCommandOptions extends ConnectionOptions {
    fleet: string
    state?: string
    now: boolean
    exec?: string
    every: number
    rate?: number
    enough: number
    maxFailures: number
    max429s?: number
    maxLate: number
    metrics?: string
    forceNext: boolean
    maxHeld?: number
    json: boolean
}

/** Minimum share of the DPS quota for this command. Applies if the plan leaves less. */
const MIN_QUOTA_SHARE = 0.01
/** Default of --max-429s, as a share of the registrations in the window. A plan predicts no 429. */
const THROTTLED_SHARE = 0.01

/** Returns the calls per second that the plan's load leaves free. Boards and this command share the quota. */
const freeCallsPerSec = ({ limits }: RolloutPlan) => {
    const { registrations, load } = limits
    return (registrations.calls / registrations.perSec) * Math.max(MIN_QUOTA_SHARE, 1 - load)
}

function rulesOf({ limits }: RolloutPlan, options: RolloutRunCommandOptions): RolloutRules {
    const { enough, maxFailures, max429s, maxLate, now } = options
    return {
        requiredShare: enough,
        maxFailedShare: maxFailures,
        maxThrottled: max429s ?? Math.ceil(ratePerSec(limits) * THROTTLE_WINDOW_SEC * THROTTLED_SHARE),
        maxLateSec: maxLate,
        ignoresSchedule: now,
    }
}

/** Returns the boards of the fleet file. @throws MoorageError PLAN_MISMATCH when the plan belongs to other boards */
async function readBoardsOfPlan(
    { plan }: LoadedPlan,
    { planFile, fleet }: { planFile: string; fleet: string },
    signal: AbortSignal
): Promise<FleetIds> {
    const boards = await loadFleetIds(fleet, { consequence: "The roll-out was not started.", signal })
    if (boards.sha256 !== plan.fleet.idsSha256)
        throw new MoorageError(
            "PLAN_MISMATCH",
            `${planFile} belongs to other boards than ${fleet}, or to another order of them.`,
            { cure: "Run `moorage rollout plan` for this fleet." }
        )
    return boards
}

function openState(known: LoadedPlan, file: string, { forceNext }: RolloutRunCommandOptions): RolloutState {
    const state = new RolloutState(file, known)
    if (forceNext && state.progress.openedMs.length === 0)
        throw usageError("--force-next requires a roll-out that is on hold; this one has not started.")
    return state
}

/** Reads the metric that counts 429s. @throws CloudError unreachable */
async function readThrottled(url: string, signal: AbortSignal): Promise<number> {
    try {
        const response = await fetch(url, { signal })
        if (!response.ok) throw new Error(`HTTP status ${response.status}`)
        return parseThrottledCount(await response.text())
    } catch (error) {
        signal.throwIfAborted()
        const { cause, message } = error as Error
        const reason = cause instanceof Error ? cause.message : message
        throw new CloudError("unreachable", `Cannot read the metrics at ${url}: ${reason}`, { cause: error })
    }
}

/** Prints events as they occur. */
class EventPrinter {
    private readonly progress = new ProgressLine(realClock)

    constructor(
        private readonly plan: RolloutPlan,
        private readonly isJson: boolean
    ) {}

    readonly print = (event: RolloutEvent): void => {
        if (this.isJson) {
            process.stdout.write(`${JSON.stringify(event)}\n`)
            return
        }
        if (event.event === "look" && process.stderr.isTTY) {
            const { wave, registered, boards } = event
            this.progress.show(registered / boards, `wave ${wave}: ${numbersText(event)}`)
            return
        }
        this.progress.end()
        process.stdout.write(eventText(event, this.plan))
    }

    end(): void {
        this.progress.end()
    }
}

/** Sets the exit code, and prints why the roll-out ended early. */
function reportEnd(end: RolloutEnd, { file }: RolloutState, { maxHeld }: RolloutRunCommandOptions): void {
    if (end === "done") return
    process.exitCode = end === "holdTimeout" ? EXIT_CODES.failed : EXIT_CODES.interrupted
    const reason =
        end === "holdTimeout"
            ? `Stopped after more than ${formatElapsed(maxHeld ?? 0)} on hold.`
            : "Interrupted."
    process.stderr.write(`${reason} Run the same command to continue. ${file} records the progress.\n`)
}

interface RolloutContext {
    plan: RolloutPlan
    boards: FleetIds
    state: RolloutState
    dps: DpsApi
}

async function runBatches(
    { plan, boards, state, dps }: RolloutContext,
    options: RolloutRunCommandOptions,
    signal: AbortSignal
): Promise<void> {
    const { every, exec, metrics, forceNext, maxHeld, json } = options
    const printer = new EventPrinter(plan, json)
    try {
        const rollout = new RolloutRun({
            plan,
            ids: boards.ids,
            dps,
            clock: realClock,
            state,
            rules: rulesOf(plan, options),
            pollIntervalSec: every,
            isForced: forceNext,
            maxHoldSec: maxHeld ?? Infinity,
            throttledToDevices: metrics === undefined ? undefined : () => readThrottled(metrics, signal),
            powerOn: async batch => {
                if (exec !== undefined) await runPowerCommand(exec, batch, signal)
            },
            onEvent: printer.print,
            signal,
        })
        const end = await rollout.run()
        printer.end()
        reportEnd(end, state, options)
    } finally {
        printer.end()
    }
}

/** Runs a rollout plan from its recorded progress to its end. @throws MoorageError */
export async function runRollout(planFile: string, options: RolloutRunCommandOptions): Promise<void> {
    const signal = createInterruptSignal()
    const known = readRolloutPlan(planFile)
    const { plan } = known
    const services = openCommandServices(options, {
        signal,
        dpsPerSec: options.rate ?? freeCallsPerSec(plan),
    })
    let release = (): void => undefined
    try {
        const { dps } = services
        if (!dps) throw noDpsError()
        const boards = await readBoardsOfPlan(known, { planFile, fleet: options.fleet }, signal)
        const stateFile = options.state ?? `${planFile.replace(/\.json$/, "")}.state`
        release = acquireLock(stateFile)
        await runBatches({ plan, boards, state: openState(known, stateFile, options), dps }, options, signal)
    } catch (error) {
        if (!signal.aborted) throw error
        process.exitCode = EXIT_CODES.interrupted
        process.stderr.write("Interrupted before the roll-out started.\n")
    } finally {
        release()
        services.close()
    }
}
