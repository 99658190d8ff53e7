// What `moorage monitor` does.
import { CloudError, type DpsApi, wait } from "@moorage/fleet/azure"
import { survey, type Survey } from "@moorage/fleet/monitor"
import { realClock } from "@moorage/runtime"
import type { ConnectionOptions } from "../connection-options.js"
import { UserError, WRONG_USAGE } from "../user-error.js"
import { writeOutputFile } from "../output-files.js"
import { INTERRUPTED, interruption } from "../interrupt.js"
import { ProgressLine } from "../progress.js"
import { NO_DPS, openCommandServices, toUserError } from "../services.js"
import { formatNumber } from "@moorage/report"
import { surveyCsv } from "./survey-csv.js"
import { Screen } from "./terminal-screen.js"
import { surveyLines } from "./survey-text.js"
import { formatUtc } from "@moorage/report"

export interface MonitorOptions extends ConnectionOptions {
    days: number
    rate: number
    lookUp: number
    once: boolean
    every: number
    json: boolean
    csv: boolean
    report?: string
    prometheus?: number
}

/** A look at the fleet, which may be asked to tell how far it is. */
type Look = (onProgress: (registered: number, calls: number) => void) => Promise<Survey>

const say = (text: string) => process.stdout.write(`${text}\n`)

async function once(look: Look, { json, csv, report }: MonitorOptions): Promise<void> {
    const progress = new ProgressLine(realClock)
    let found: Survey
    try {
        found = await look((registered, calls) =>
            // How many there are is not known before all are counted.
            progress.show(0, `${formatNumber(registered)} registrations, ${formatNumber(calls)} calls`)
        )
    } finally {
        progress.end()
    }
    if (report !== undefined) {
        // The charts' library is loaded only for those who want charts.
        const { monitorHtml } = await import("./survey-page.js")
        writeOutputFile(report, monitorHtml(found))
        process.stderr.write(`Report: ${report}\n`)
    }
    if (json) say(JSON.stringify(found))
    else if (csv) say(surveyCsv(found))
    else say(surveyLines(found).join("\n"))
}

/**
 * Looks again and again until interrupted.
 * @param onFound told what was found, and what went wrong at the last try if anything
 * @throws UserError when the first look fails: then there is nothing to show
 */
async function again(
    look: Look,
    everySec: number,
    signal: AbortSignal,
    onProgress: (text: string) => void,
    onFound: (found: Survey, error?: string) => void
): Promise<void> {
    let found: Survey | undefined
    for (;;) {
        const startMs = realClock.nowMs()
        try {
            found = await look((registered, calls) =>
                onProgress(`asking: ${formatNumber(registered)} registrations, ${formatNumber(calls)} calls`)
            )
            onFound(found)
        } catch (error) {
            if (!(error instanceof CloudError) || !found) throw error
            onFound(found, error.message)
        }
        const tookMs = realClock.nowMs() - startMs
        await wait(realClock, Math.max(0, everySec * 1000 - tookMs), signal)
    }
}

/** How often the line that says how far a survey is may change. */
const PROGRESS_MS = 250

async function live(look: Look, { every }: MonitorOptions, signal: AbortSignal): Promise<void> {
    const screen = new Screen()
    let body: string[] = ["Asking DPS ..."]
    let shownMs = 0
    const draw = (state: string) => screen.show([...body, "", state])
    screen.open()
    try {
        await again(
            look,
            every,
            signal,
            text => {
                const nowMs = realClock.nowMs()
                if (nowMs - shownMs < PROGRESS_MS) return
                shownMs = nowMs
                draw(text)
            },
            (found, error) => {
                body = surveyLines(found)
                const state =
                    error === undefined ? "" : `NOT UP TO DATE, of ${formatUtc(found.utc)}: ${error}  `
                draw(`${state}every ${every} s; Ctrl-C ends`)
            }
        )
    } finally {
        screen.close()
    }
}

async function exported(
    look: Look,
    { every, prometheus = 0 }: MonitorOptions,
    signal: AbortSignal
): Promise<void> {
    // Loaded only for those who have a Prometheus.
    const { Exporter } = await import("./prometheus-exporter.js")
    const exporter = new Exporter()
    const { url, server } = await exporter.listen(prometheus)
    process.stderr.write(`Metrics of a look every ${every} s: ${url}\n`)
    try {
        await again(
            look,
            every,
            signal,
            () => undefined,
            (found, error) => {
                if (error === undefined) return exporter.show(found)
                exporter.failed()
                process.stderr.write(`${error}\n`)
            }
        )
    } finally {
        server.close()
        server.closeAllConnections()
    }
}

function lookOf(dps: DpsApi, { days, lookUp }: MonitorOptions): Look {
    return onProgress => survey(dps, { clock: realClock, days, lookUpMax: lookUp, onProgress })
}

function check({ json, csv, report, prometheus }: MonitorOptions): void {
    if (json && csv) throw new UserError("--json and --csv exclude each other.", WRONG_USAGE)
    if (prometheus !== undefined && (json || csv || report !== undefined))
        throw new UserError(
            "--prometheus runs until it is stopped: it has no --json, --csv or --report.",
            WRONG_USAGE
        )
}

/** @throws UserError */
export async function monitor(options: MonitorOptions): Promise<void> {
    check(options)
    const signal = interruption()
    const services = openCommandServices(options, { signal, dpsPerSec: options.rate })
    const { json, csv, report, prometheus } = options
    const isOnce = options.once || json || csv || report !== undefined || !process.stdout.isTTY
    const isEndless = prometheus !== undefined || !isOnce
    try {
        if (!services.dps) throw new UserError(NO_DPS, WRONG_USAGE)
        const look = lookOf(services.dps, options)
        if (prometheus !== undefined) await exported(look, options, signal)
        else if (isOnce) await once(look, options)
        else await live(look, options, signal)
    } catch (error) {
        if (!signal.aborted) throw toUserError(error)
        // Ctrl-C is how a view is meant to end.
        process.exitCode = isEndless ? 0 : INTERRUPTED
        if (!isEndless)
            process.stderr.write("Interrupted: nothing is known for certain, so nothing is printed.\n")
    } finally {
        services.close()
    }
}
