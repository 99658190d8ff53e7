// Runs `moorage reprovision`.
import { createReadStream } from "node:fs"
import { EXIT_CODES, MoorageError } from "@moorage/errors"
import { acquireLock } from "@moorage/files"
import type { Services } from "@moorage/fleet/azure"
import {
    isSuccess,
    queryTargets,
    type ReprovisionOutcome,
    reprovision as reprovisionAll,
    type ReprovisionSummary,
    type ReprovisionTarget,
    REPROVISION_RESULTS,
    ReprovisionState,
} from "@moorage/fleet/reprovision"
import { realClock, realRandom } from "@moorage/runtime"
import { createInterruptSignal } from "../interrupt.js"
import { readError } from "../output-files.js"
import { openCommandServices } from "../services.js"
import { outcomeText, summaryText } from "./outcome-text.js"
import { checkOptions, checkServices, type ReprovisionCommandOptions } from "./reprovision-options.js"

const print = (text: string) => void process.stdout.write(`${text}\n`)

/** Returns the IDs in a file; all of them are validated before the first call. @throws MoorageError */
async function targetsFromFile(file: string): Promise<ReprovisionTarget[]> {
    const { readIdList } = await import("@moorage/fleet")
    const name = file === "-" ? "the standard input" : file
    try {
        const input = file === "-" ? process.stdin : createReadStream(file)
        return (await readIdList(input, name)).map(id => ({ id }))
    } catch (error) {
        throw error instanceof MoorageError ? error : readError(name, error)
    }
}

async function selectTargets(
    id: string | undefined,
    { file, query, hub }: ReprovisionCommandOptions,
    services: Services
): Promise<AsyncIterable<ReprovisionTarget> | ReprovisionTarget[]> {
    if (file !== undefined) return targetsFromFile(file)
    if (query !== undefined) {
        const selectedHub = hub === undefined ? undefined : services.hub(hub)
        return queryTargets(selectedHub ? [selectedHub] : services.hubs, query)
    }
    return [{ id: (id ?? "").toLowerCase() }]
}

function exitCodeOf({ results }: ReprovisionSummary): number {
    const hasFailure = REPROVISION_RESULTS.some(
        result => !isSuccess({ result }) && (results[result] ?? 0) > 0
    )
    return hasFailure ? EXIT_CODES.failed : EXIT_CODES.done
}

function printContinuation(stateFile: string | undefined): void {
    process.stderr.write(
        stateFile === undefined
            ? "Use --state FILE next time to continue after an interruption.\n"
            : `Run the same command to continue. ${stateFile} contains the completed calls.\n`
    )
}

/** Calls the direct method Reprovision on the selected boards. @throws MoorageError */
export async function reprovision(id: string | undefined, options: ReprovisionCommandOptions): Promise<void> {
    checkOptions(id, options)
    const { json, state: stateFile, delay, spread, hub } = options
    const stop = createInterruptSignal()
    const services = openCommandServices(options)
    const devices: ReprovisionOutcome[] = []
    let release = (): void => undefined
    try {
        checkServices(services, options)
        if (stateFile !== undefined) release = acquireLock(stateFile)
        const state = stateFile === undefined ? undefined : new ReprovisionState(stateFile)
        const targets = await selectTargets(id, options, services)
        stop.addEventListener("abort", () =>
            process.stderr.write(
                "Stopping after the pending calls. Press Ctrl-C again to quit immediately.\n"
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
            onOutcome: outcome => (json ? devices.push(outcome) : print(outcomeText(outcome))),
        })
        print(json ? JSON.stringify({ ...summary, devices }) : summaryText(summary))
        if (summary.isStopped) printContinuation(stateFile)
        else process.exitCode = exitCodeOf(summary)
    } catch (error) {
        // With --json the outcomes before the error are not on the standard output.
        for (const outcome of devices) process.stderr.write(`${outcomeText(outcome)}\n`)
        throw error
    } finally {
        release()
        services.close()
    }
}
