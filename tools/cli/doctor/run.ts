// Runs `moorage doctor`.
import { EXIT_CODES } from "@moorage/errors"
import { resolveCloudSettings, type CloudOptions } from "@moorage/fleet/azure"
import { countByStatus, runDoctor, type Finding, type DoctorKeys, systemProbes } from "@moorage/fleet/doctor"
import { realClock } from "@moorage/runtime"
import { createInterruptSignal } from "../interrupt.js"
import { ProgressLine } from "../progress-line.js"
import { readDeviceKey, readGroupKey } from "../secrets.js"
import { findingLine, summaryLine } from "./finding-text.js"

export interface DoctorOptions extends CloudOptions {
    project: string
    id?: string
    idScope?: string
    groupKeyFile?: string
    keyFile?: string
    offline: boolean
    timeout: number
    json: boolean
}

const PROGRESS_MS = 500

/** Shows the name of the check that runs. */
class CheckProgress {
    private readonly progress = new ProgressLine(realClock)
    private timer = realClock.after(0, () => undefined)

    start(check: string): void {
        this.timer.cancel()
        const show = () => {
            // The number of checks depends on the configuration, which is not read yet.
            this.progress.show(0, `${check} ...`)
            this.timer = realClock.after(PROGRESS_MS, show)
        }
        show()
    }

    end(): void {
        this.timer.cancel()
        this.progress.end()
    }
}

async function readKeys({ groupKeyFile, keyFile }: DoctorOptions): Promise<DoctorKeys> {
    return {
        groupKey: await readGroupKey({ groupKeyFile, canPrompt: false }),
        deviceKey: keyFile === undefined ? undefined : readDeviceKey(keyFile),
    }
}

/** Yields the findings of all checks in order, and shows the progress. */
async function* runChecks(
    fleet: string | undefined,
    options: DoctorOptions,
    signal: AbortSignal
): AsyncGenerator<Finding> {
    const { project, id, idScope, timeout, offline } = options
    const progress = new CheckProgress()
    const request = {
        settings: () => resolveCloudSettings(options, process.env),
        keys: () => readKeys(options),
        project,
        fleet,
        id,
        idScope,
        isOffline: offline,
        timeoutSec: timeout,
        signal,
        onCheck: (name: string) => progress.start(name),
    }
    try {
        for await (const finding of runDoctor(request, systemProbes())) {
            progress.end()
            yield finding
        }
    } finally {
        progress.end()
    }
}

/** Ends the process. A pending DNS query cannot be cancelled and would keep the process alive until it times out. */
async function exitAfterOutput(): Promise<void> {
    await new Promise<void>(resolve => process.stdout.write("", () => resolve()))
    process.exit()
}

/** Prints the findings and ends the process, with exit code 1 when a check failed. */
export async function runDoctorCommand(fleet: string | undefined, options: DoctorOptions): Promise<void> {
    const { json, offline } = options
    const signal = createInterruptSignal()
    const print = (text: string) => void process.stdout.write(`${text}\n`)
    const utc = new Date(realClock.nowMs()).toISOString()
    const findings: Finding[] = []
    try {
        for await (const finding of runChecks(fleet, options, signal)) {
            findings.push(finding)
            if (!json) print(findingLine(finding))
        }
        const counts = countByStatus(findings)
        const isWell = counts.fail === 0
        if (json) {
            const withCures = findings.map(({ cure = null, ...finding }) => ({ ...finding, cure }))
            print(JSON.stringify({ utc, isOffline: offline, isWell, counts, findings: withCures }))
        } else print(summaryLine(counts))
        if (!isWell) process.exitCode = EXIT_CODES.failed
    } catch (error) {
        if (!signal.aborted) throw error
        process.exitCode = EXIT_CODES.interrupted
        process.stderr.write("Interrupted: some checks did not run.\n")
    }
    await exitAfterOutput()
}
