import type { Cloud } from "./cloud.js"
import type { CloudEvent } from "./cloud-events.js"

export type LogForm = "text" | "json" | "off"

/** What is worth a second look: refusals, faults and lost connections. */
function levelOf({ status = 0, kind }: CloudEvent): "info" | "warn" {
    const isRefusal = kind === "connack" ? status > 0 : status >= 400
    return isRefusal ? "warn" : "info"
}

/** `12:00:01.250 dps register board-1 202`. */
function formatLine({ atMs, service, kind, id, status, detail }: CloudEvent): string {
    const time = new Date(atMs).toISOString().slice(11, 23)
    return [time, service, kind, id, status, detail]
        .filter(part => part !== undefined && part !== "")
        .join(" ")
}

/**
 * Logs what happens in a cloud to the standard error, one line an event: text for eyes, JSON for machines.
 * @param withBodies whether bodies of telemetry and twins are told, which may hold what is nobody's business
 * @returns what ends it
 */
export async function logCloud(cloud: Cloud, form: LogForm, withBodies: boolean): Promise<() => void> {
    if (form === "off") return () => undefined
    if (form === "text")
        return cloud.onEvent(event => {
            const body = withBodies && event.body !== undefined ? ` ${event.body}` : ""
            process.stderr.write(`${formatLine(event)}${body}\n`)
        })
    // Loaded when asked for: it is a good part of what starting takes.
    const { pino } = await import("pino")
    const log = pino({ base: null, timestamp: false }, pino.destination({ dest: 2, sync: true }))
    return cloud.onEvent(event => {
        const { atMs, body, ...rest } = event
        const time = new Date(atMs).toISOString()
        log[levelOf(event)]({ time, ...rest, ...(withBodies ? { body } : {}) })
    })
}

/** What the cloud did for a board, as a line for a person; undefined for what nobody needs to see. */
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
