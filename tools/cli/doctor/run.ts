// What `moorage doctor` does.
import { resolveCloudSettings, type CloudChoices } from "@moorage/fleet/azure"
import { countByStatus, runDoctor, type Finding, type DoctorKeys, systemProbes } from "@moorage/fleet/doctor"
import { realClock } from "@moorage/runtime"
import { FAILED } from "../user-error.js"
import { INTERRUPTED, interruption } from "../interrupt.js"
import { ProgressLine } from "../progress.js"
import { deviceKey, groupKey } from "../secrets.js"
import { findingLine, summaryLine } from "./finding-text.js"

export interface DoctorOptions extends CloudChoices {
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

/** Says which check takes its time. */
class WaitingCheck {
    private readonly progress = new ProgressLine(realClock)
    private timer = realClock.after(0, () => undefined)

    on(check: string): void {
        this.timer.cancel()
        const show = () => {
            // How many checks there will be is not known before the configuration is read.
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

async function keysOf({ groupKeyFile, keyFile }: DoctorOptions): Promise<DoctorKeys> {
    return {
        groupKey: await groupKey({ groupKeyFile, mayAsk: false }),
        deviceKey: keyFile === undefined ? undefined : deviceKey(keyFile),
    }
}

async function findingsOf(
    fleet: string | undefined,
    options: DoctorOptions,
    signal: AbortSignal,
    onFinding: (finding: Finding) => void
): Promise<Finding[]> {
    const { project, id, idScope, timeout, offline } = options
    const findings: Finding[] = []
    const waiting = new WaitingCheck()
    const asked = {
        settings: () => resolveCloudSettings(options, process.env),
        keys: () => keysOf(options),
        project,
        fleet,
        id,
        idScope,
        isOffline: offline,
        timeoutSec: timeout,
        signal,
        onCheck: (name: string) => waiting.on(name),
    }
    try {
        for await (const finding of runDoctor(asked, systemProbes())) {
            waiting.end()
            findings.push(finding)
            onFinding(finding)
        }
    } finally {
        waiting.end()
    }
    return findings
}

/** A look-up of a name cannot be cancelled, and would hold the process until the system gives it up. */
async function leave(): Promise<void> {
    await new Promise<void>(done => process.stdout.write("", () => done()))
    process.exit()
}

/** Prints what is found, and ends the process: 1 when something failed. */
export async function doctor(fleet: string | undefined, options: DoctorOptions): Promise<void> {
    const { json, offline } = options
    const signal = interruption()
    const say = (text: string) => process.stdout.write(`${text}\n`)
    const utc = new Date(realClock.nowMs()).toISOString()
    try {
        const findings = await findingsOf(fleet, options, signal, finding => {
            if (!json) say(findingLine(finding))
        })
        const counts = countByStatus(findings)
        const isWell = counts.fail === 0
        if (json) {
            const told = findings.map(({ cure = null, ...finding }) => ({ ...finding, cure }))
            say(JSON.stringify({ utc, isOffline: offline, isWell, counts, findings: told }))
        } else say(summaryLine(counts))
        if (!isWell) process.exitCode = FAILED
    } catch (error) {
        if (!signal.aborted) throw error
        process.exitCode = INTERRUPTED
        process.stderr.write("Interrupted: not everything was checked.\n")
    }
    await leave()
}
