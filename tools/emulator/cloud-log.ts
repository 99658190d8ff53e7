import type { Cloud } from "./cloud.js"
import type { CloudEvent } from "./cloud-events.js"

export type LogForm = "text" | "json" | "off"

/** Returns `warn` for refusals. */
function levelOf({ status = 0, kind }: CloudEvent): "info" | "warn" {
    const isRefusal = kind === "connack" ? status > 0 : status >= 400
    return isRefusal ? "warn" : "info"
}

/** Returns a line such as `12:00:01.250 dps register board-1 202`. */
function formatLine({ atMs, service, kind, id, status, detail }: CloudEvent): string {
    const time = new Date(atMs).toISOString().slice(11, 23)
    return [time, service, kind, id, status, detail]
        .filter(part => part !== undefined && part !== "")
        .join(" ")
}

/**
 * Logs the events of a cloud to the standard error, one line per event.
 * @param form `text` is for reading, `json` for programs
 * @param withBodies whether the lines contain the bodies of telemetry and twins, which may be confidential
 * @returns a function that stops the log
 */
export async function logCloud(cloud: Cloud, form: LogForm, withBodies: boolean): Promise<() => void> {
    if (form === "off") return () => undefined
    if (form === "text")
        return cloud.onEvent(event => {
            const body = withBodies && event.body !== undefined ? ` ${event.body}` : ""
            process.stderr.write(`${formatLine(event)}${body}\n`)
        })
    // Loaded on demand: loading pino takes a large part of the start-up time.
    const { pino } = await import("pino")
    const log = pino({ base: null, timestamp: false }, pino.destination({ dest: 2, sync: true }))
    return cloud.onEvent(event => {
        const { atMs, body, ...rest } = event
        const time = new Date(atMs).toISOString()
        log[levelOf(event)]({ time, ...rest, ...(withBodies ? { body } : {}) })
    })
}

/** Returns a sentence about an event that concerns one board, or undefined for all other events. */
export function describeEvent(event: CloudEvent): string | undefined {
    switch (event.kind) {
        case "register":
            return `DPS: register from ${event.id} -> ${event.status}`
        case "lookup":
            return `DPS: status lookup from ${event.id} -> ${event.status}`
        case "telemetry":
            return `telemetry of ${event.id}: ${event.body}`
        case "method":
            return `method ${event.detail} to ${event.id}`
        case "methodResponse":
            return `${event.id} answers ${event.status}`
        default:
            return undefined
    }
}
