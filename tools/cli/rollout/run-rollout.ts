// What `moorage rollout run` does.
import { CloudError, type DpsApi } from "@moorage/fleet/azure"
import { acquireLock, JournalError, LockError } from "@moorage/files"
import {
    type FleetIds,
    type KnownPlan,
    type RolloutPlan,
    readRolloutPlan,
    type RolloutEvent,
    RolloutRun,
    RolloutState,
    type RolloutRules,
    ratePerSec,
    type RolloutEnd,
    parseThrottledCount,
    WINDOW_SEC,
} from "@moorage/fleet/rollout"
import { realClock } from "@moorage/runtime"
import type { ConnectionOptions } from "../connection-options.js"
import { FAILED, UserError, WRONG_USAGE } from "../user-error.js"
import { INTERRUPTED, interruption } from "../interrupt.js"
import { ProgressLine } from "../progress.js"
import { NO_DPS, openCommandServices, toUserError } from "../services.js"
import { formatElapsed } from "@moorage/report"
import { fleetIds } from "./read-fleet.js"
import { runHook } from "./power-hook.js"
import { eventText, numbersText } from "./event-text.js"

export interface RunRolloutOptions extends ConnectionOptions {
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
    goOn: boolean
    maxHeld?: number
    json: boolean
}

/** Share of the quota that is asked with when the plan leaves nothing for it. */
const LEAST_SHARE = 0.01
/** Of the registrations of the window; the plan means to have none. */
const THROTTLED_SHARE = 0.01

/** Calls a second that the plan's load leaves: boards and this command share a quota. */
const rateLeft = ({ limits }: RolloutPlan) => {
    const { registrations, load } = limits
    return (registrations.calls / registrations.perSec) * Math.max(LEAST_SHARE, 1 - load)
}

function rulesOf({ limits }: RolloutPlan, options: RunRolloutOptions): RolloutRules {
    const { enough, maxFailures, max429s, maxLate, now } = options
    return {
        requiredShare: enough,
        maxFailedShare: maxFailures,
        maxThrottled: max429s ?? Math.ceil(ratePerSec(limits) * WINDOW_SEC * THROTTLED_SHARE),
        maxLateSec: maxLate,
        ignoresSchedule: now,
    }
}

async function boardsOf(
    { plan }: KnownPlan,
    planFile: string,
    fleet: string,
    signal: AbortSignal
): Promise<FleetIds> {
    const boards = await fleetIds(fleet, "Nothing was begun.", undefined, signal)
    if (boards.sha256 !== plan.fleet.idsSha256)
        throw new UserError(
            `${planFile} is of other boards than ${fleet}, or in another order: plan that fleet anew.`,
            WRONG_USAGE
        )
    return boards
}

const stateFile = (planFile: string, { state }: RunRolloutOptions) =>
    state ?? `${planFile.replace(/\.json$/, "")}.state`

function stateOf(known: KnownPlan, file: string, { goOn }: RunRolloutOptions): RolloutState {
    const opened = new RolloutState(file, known)
    if (goOn && opened.progress.openedMs.length === 0)
        throw new UserError("--go-on is for a roll-out that is held: this one has not begun.", WRONG_USAGE)
    return opened
}

/** Reads a metric of 429s. @throws CloudError unreachable */
async function throttledAt(url: string, signal: AbortSignal): Promise<number> {
    try {
        const response = await fetch(url, { signal })
        if (!response.ok) throw new Error(`it answers ${response.status}`)
        return parseThrottledCount(await response.text())
    } catch (error) {
        signal.throwIfAborted()
        const { cause, message } = error as Error
        const why = cause instanceof Error ? cause.message : message
        throw new CloudError("unreachable", `Cannot read the metrics at ${url}: ${why}`, { cause: error })
    }
}

/** Shows events as they come. */
class EventPrinter {
    private readonly progress = new ProgressLine(realClock)

    constructor(
        private readonly plan: RolloutPlan,
        private readonly isJson: boolean
    ) {}

    readonly show = (event: RolloutEvent): void => {
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

function sayEnd(end: RolloutEnd, { file }: RolloutState, { maxHeld }: RunRolloutOptions): void {
    if (end === "done") return
    process.exitCode = end === "held" ? FAILED : INTERRUPTED
    const why = end === "held" ? `Held for more than ${formatElapsed(maxHeld ?? 0)}: ended.` : "Interrupted."
    process.stderr.write(`${why} The same command goes on from here: ${file} has what was done.\n`)
}

async function watch(
    known: KnownPlan,
    boards: FleetIds,
    state: RolloutState,
    dps: DpsApi,
    options: RunRolloutOptions,
    signal: AbortSignal
): Promise<void> {
    const { every, exec, metrics, goOn, maxHeld, json } = options
    const { plan } = known
    const teller = new EventPrinter(plan, json)
    try {
        const runRollout = new RolloutRun({
            plan,
            ids: boards.ids,
            dps,
            clock: realClock,
            state,
            rules: rulesOf(plan, options),
            pollIntervalSec: every,
            isForced: goOn,
            maxHoldSec: maxHeld ?? Infinity,
            throttledToDevices: metrics === undefined ? undefined : () => throttledAt(metrics, signal),
            powerOn: async batch => {
                if (exec !== undefined) await runHook(exec, batch, signal)
            },
            onEvent: teller.show,
            signal,
        })
        const end = await runRollout.run()
        teller.end()
        sayEnd(end, state, options)
    } finally {
        teller.end()
    }
}

/** @throws UserError, DocumentError */
export async function run(planFile: string, options: RunRolloutOptions): Promise<void> {
    const signal = interruption()
    const known = readRolloutPlan(planFile)
    const services = openCommandServices(options, { signal, dpsPerSec: options.rate ?? rateLeft(known.plan) })
    let release = (): void => undefined
    try {
        if (!services.dps) throw new UserError(NO_DPS, WRONG_USAGE)
        const boards = await boardsOf(known, planFile, options.fleet, signal)
        const file = stateFile(planFile, options)
        release = acquireLock(file)
        await watch(known, boards, stateOf(known, file, options), services.dps, options, signal)
    } catch (error) {
        if (signal.aborted) {
            process.exitCode = INTERRUPTED
            process.stderr.write("Interrupted: nothing was begun.\n")
        } else if (error instanceof JournalError || error instanceof LockError)
            throw new UserError(error.message, FAILED, { cause: error })
        else throw toUserError(error)
    } finally {
        release()
        services.close()
    }
}
