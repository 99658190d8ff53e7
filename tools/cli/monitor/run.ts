// Runs `moorage monitor`.
import { EXIT_CODES } from "@moorage/errors"
import { CloudError, type DpsApi, wait } from "@moorage/fleet/azure"
import { survey, type Survey } from "@moorage/fleet/monitor"
import { formatNumber, formatUtc } from "@moorage/report"
import { realClock } from "@moorage/runtime"
import type { ConnectionOptions } from "../connection-options.js"
import { createInterruptSignal } from "../interrupt.js"
import { writeOutputFile } from "../output-files.js"
import { ProgressLine } from "../progress-line.js"
import { noDpsError, openCommandServices } from "../services.js"
import { usageError } from "../usage-error.js"
import { surveyCsv } from "./survey-csv.js"
import { surveyLines } from "./survey-text.js"
import { Screen } from "./terminal-screen.js"

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

/** Runs one survey and reports its progress. @throws CloudError */
type RunSurvey = (onProgress: (registered: number, calls: number) => void) => Promise<Survey>

const print = (text: string) => void process.stdout.write(`${text}\n`)

const progressText = (registered: number, calls: number) =>
    `${formatNumber(registered)} registrations, ${formatNumber(calls)} calls`

async function printOneSurvey(runSurvey: RunSurvey, { json, csv, report }: MonitorOptions): Promise<void> {
    const progress = new ProgressLine(realClock)
    let result: Survey
    try {
        // The total is unknown until the survey ends.
        result = await runSurvey((registered, calls) => progress.show(0, progressText(registered, calls)))
    } finally {
        progress.end()
    }
    if (report !== undefined) {
        // The chart library is loaded only for a report.
        const { monitorHtml } = await import("./survey-page.js")
        writeOutputFile(report, monitorHtml(result))
        process.stderr.write(`Report: ${report}\n`)
    }
    if (json) print(JSON.stringify(result))
    else if (csv) print(surveyCsv(result))
    else print(surveyLines(result).join("\n"))
}

interface RepeatOptions {
    runSurvey: RunSurvey
    everySec: number
    signal: AbortSignal
    onProgress: (text: string) => void
    /** Receives the last complete survey, and the error of a later survey that failed. */
    onSurvey: (result: Survey, error?: CloudError) => void
}

/** Repeats the survey until the signal is aborted. @throws CloudError when the first survey fails */
async function repeatSurvey({
    runSurvey,
    everySec,
    signal,
    onProgress,
    onSurvey,
}: RepeatOptions): Promise<void> {
    let latest: Survey | undefined
    for (;;) {
        const startMs = realClock.nowMs()
        try {
            latest = await runSurvey((registered, calls) =>
                onProgress(`querying: ${progressText(registered, calls)}`)
            )
            onSurvey(latest)
        } catch (error) {
            if (!(error instanceof CloudError) || !latest) throw error
            onSurvey(latest, error)
        }
        const tookMs = realClock.nowMs() - startMs
        await wait(realClock, Math.max(0, everySec * 1000 - tookMs), signal)
    }
}

/** Minimum interval between two updates of the progress line. */
const PROGRESS_MS = 250

async function showLiveView(
    runSurvey: RunSurvey,
    { every }: MonitorOptions,
    signal: AbortSignal
): Promise<void> {
    const screen = new Screen()
    let body: string[] = ["Querying DPS ..."]
    let shownMs = 0
    const draw = (state: string) => screen.show([...body, "", state])
    screen.open()
    try {
        await repeatSurvey({
            runSurvey,
            everySec: every,
            signal,
            onProgress: text => {
                const nowMs = realClock.nowMs()
                if (nowMs - shownMs < PROGRESS_MS) return
                shownMs = nowMs
                draw(text)
            },
            onSurvey: (result, error) => {
                body = surveyLines(result)
                const stale = error ? `NOT UP TO DATE since ${formatUtc(result.utc)}: ${error.message}  ` : ""
                draw(`${stale}every ${every} s; Ctrl-C quits`)
            },
        })
    } finally {
        screen.close()
    }
}

async function serveMetrics(
    runSurvey: RunSurvey,
    { every, prometheus = 0 }: MonitorOptions,
    signal: AbortSignal
): Promise<void> {
    // The Prometheus client is loaded only when it is used.
    const { PrometheusExporter } = await import("./prometheus-exporter.js")
    const exporter = new PrometheusExporter()
    const { url, server } = await exporter.listen(prometheus)
    process.stderr.write(`Metrics, updated every ${every} s: ${url}\n`)
    try {
        await repeatSurvey({
            runSurvey,
            everySec: every,
            signal,
            onProgress: () => undefined,
            onSurvey: (result, error) => {
                if (!error) return exporter.show(result)
                exporter.markFailed()
                process.stderr.write(`${error.message}\n`)
            },
        })
    } finally {
        server.close()
        server.closeAllConnections()
    }
}

function surveyOf(dps: DpsApi, { days, lookUp }: MonitorOptions): RunSurvey {
    return onProgress => survey(dps, { clock: realClock, days, lookUpMax: lookUp, onProgress })
}

function checkOptions({ json, csv, report, prometheus }: MonitorOptions): void {
    if (json && csv) throw usageError("--json and --csv are mutually exclusive.")
    if (prometheus !== undefined && (json || csv || report !== undefined))
        throw usageError("--prometheus cannot be combined with --json, --csv or --report.")
}

/** Shows the status of a fleet once, as a live view, or as Prometheus metrics. @throws MoorageError */
export async function monitor(options: MonitorOptions): Promise<void> {
    checkOptions(options)
    const signal = createInterruptSignal()
    const services = openCommandServices(options, { signal, dpsPerSec: options.rate })
    const { json, csv, report, prometheus } = options
    const isOnce = options.once || json || csv || report !== undefined || !process.stdout.isTTY
    const isEndless = prometheus !== undefined || !isOnce
    try {
        if (!services.dps) throw noDpsError()
        const runSurvey = surveyOf(services.dps, options)
        if (prometheus !== undefined) await serveMetrics(runSurvey, options, signal)
        else if (isOnce) await printOneSurvey(runSurvey, options)
        else await showLiveView(runSurvey, options, signal)
    } catch (error) {
        if (!signal.aborted) throw error
        // Ctrl-C is the normal end of a live view and of an exporter.
        process.exitCode = isEndless ? EXIT_CODES.done : EXIT_CODES.interrupted
        if (!isEndless) process.stderr.write("Interrupted: the survey is incomplete and is not printed.\n")
    } finally {
        services.close()
    }
}
