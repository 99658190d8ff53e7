// What `moorage reprovision` does.
import { createReadStream } from "node:fs"
import type { Services } from "@moorage/fleet/azure"
import { acquireLock, LockError } from "@moorage/files"
import {
    isSuccess,
    type ReprovisionOutcome,
    queryTargets,
    reprovision as reprovisionAll,
    REPROVISION_RESULTS,
    JournalError,
    ReprovisionState,
    type ReprovisionSummary,
    type ReprovisionTarget,
} from "@moorage/fleet/reprovision"
import { realClock, realRandom } from "@moorage/runtime"
import type { ConnectionOptions } from "../connection-options.js"
import { FAILED, UserError, WRONG_USAGE } from "../user-error.js"
import { ioError } from "../output-files.js"
import { interruption } from "../interrupt.js"
import { openCommandServices, toUserError } from "../services.js"
import { outcomeText, summaryText } from "./outcome-text.js"

export interface ReprovisionCommandOptions extends ConnectionOptions {
    file?: string
    query?: string
    hub?: string
    rate: number
    delay: number
    spread: number
    timeout: number
    force: boolean
    dryRun: boolean
    state?: string
    json: boolean
}

/** The longest wait that a board takes (devs/agent/moored-session.ts). */
const DELAY_MAX_SEC = 86_400
const TIMEOUT_SEC = { min: 5, max: 300 }

const say = (text: string) => process.stdout.write(`${text}\n`)

function check(id: string | undefined, options: ReprovisionCommandOptions): void {
    const { file, query, hub, delay, spread, timeout, connectionString } = options
    const refuse = (message: string) => {
        throw new UserError(message, WRONG_USAGE)
    }
    const given = [id, file, query].filter(each => each !== undefined).length
    if (given !== 1) refuse("Which devices? Give one ID, or --file FILE, or --query QUERY.")
    if (file === "-" && connectionString === "-") refuse("The standard input can be but one thing.")
    if (delay < 0 || spread < 0 || delay + spread > DELAY_MAX_SEC)
        refuse("A board waits for a day at most: --delay and --spread together are 0 to 24h.")
    if (timeout < TIMEOUT_SEC.min || timeout > TIMEOUT_SEC.max)
        refuse(`A hub waits for ${TIMEOUT_SEC.min} s to ${TIMEOUT_SEC.max} s: see --timeout.`)
    if (hub !== undefined && !/^[a-z0-9.-]+$/i.test(hub)) refuse(`${hub} is no host name: see --hub.`)
}

function checkServices(
    { dps, hubs, hub: hubNamed }: Services,
    { hub, force }: ReprovisionCommandOptions
): void {
    const refuse = (message: string) => {
        throw new UserError(message, WRONG_USAGE)
    }
    if (hubs.length === 0)
        refuse(
            "Which hubs? Give --profile FILE or --hub-connection-string @FILE, or set IOTHUB_CONNECTION_STRING."
        )
    if (force && !dps) refuse("--force deletes records in DPS: there is no access to one.")
    if (hub !== undefined && !hubNamed(hub)) refuse(`There is no connection string for ${hub}.`)
    if (!dps && hub === undefined && hubs.length > 1)
        refuse("Which hub are they on? Without access to a DPS that tells, --hub must.")
}

/** The IDs of a file, all of them checked before the first device is asked. */
async function listed(file: string): Promise<ReprovisionTarget[]> {
    const { readIdList } = await import("@moorage/fleet")
    const { FleetError } = await import("@moorage/fleet")
    const name = file === "-" ? "the standard input" : file
    try {
        const input = file === "-" ? process.stdin : createReadStream(file)
        return (await readIdList(input, name)).map(id => ({ id }))
    } catch (error) {
        if (error instanceof FleetError) throw new UserError(error.message, WRONG_USAGE, { cause: error })
        throw ioError("read", name, error)
    }
}

async function targetsOf(
    id: string | undefined,
    { file, query, hub }: ReprovisionCommandOptions,
    services: Services
): Promise<AsyncIterable<ReprovisionTarget> | ReprovisionTarget[]> {
    if (file !== undefined) return listed(file)
    if (query !== undefined) {
        const one = hub === undefined ? undefined : services.hub(hub)
        return queryTargets(one ? [one] : services.hubs, query)
    }
    return [{ id: (id ?? "").toLowerCase() }]
}

function exitCodeOf({ results }: ReprovisionSummary): number {
    const isBad = REPROVISION_RESULTS.some(result => !isSuccess({ result }) && (results[result] ?? 0) > 0)
    return isBad ? FAILED : 0
}

/** @throws UserError */
export async function reprovision(id: string | undefined, options: ReprovisionCommandOptions): Promise<void> {
    check(id, options)
    const { json, state: stateFile, delay, spread, hub } = options
    const stop = interruption()
    const services = openCommandServices(options)
    const devices: ReprovisionOutcome[] = []
    let release = (): void => undefined
    try {
        checkServices(services, options)
        if (stateFile !== undefined) release = acquireLock(stateFile)
        const state = stateFile === undefined ? undefined : new ReprovisionState(stateFile)
        const targets = await targetsOf(id, options, services)
        stop.addEventListener("abort", () =>
            process.stderr.write(
                "Stopping: those who were asked are waited for; Ctrl-C again ends at once.\n"
            )
        )
        const summary = await reprovisionAll(targets, {
            services,
            clock: realClock,
            random: realRandom,
            perSec: options.rate,
            delaySec: Math.round(delay),
            spreadSec: Math.round(spread),
            timeoutSec: Math.round(options.timeout),
            isForced: options.force,
            isDryRun: options.dryRun,
            hub: hub?.toLowerCase(),
            state,
            stop,
            onOutcome: outcome => (json ? devices.push(outcome) : say(outcomeText(outcome))),
        })
        say(json ? JSON.stringify({ ...summary, devices }) : summaryText(summary))
        if (summary.isStopped) again(stateFile)
        else process.exitCode = exitCodeOf(summary)
    } catch (error) {
        // What was done is told, whatever ended it.
        for (const outcome of devices) process.stderr.write(`${outcomeText(outcome)}\n`)
        if (error instanceof JournalError || error instanceof LockError)
            throw new UserError(error.message, FAILED, { cause: error })
        throw toUserError(error)
    } finally {
        release()
        services.close()
    }
}

function again(stateFile: string | undefined): void {
    const how =
        stateFile === undefined
            ? "With --state FILE the next run could have gone on from here."
            : `The same command goes on from here: ${stateFile} has what was done.`
    process.stderr.write(`${how}\n`)
}
