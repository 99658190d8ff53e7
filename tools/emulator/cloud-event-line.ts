import type { CloudEvent } from "./cloud-events.js"

/** What the cloud did for a board, as a line for a person; undefined for what nobody needs to see. */
export function cloudLine(event: CloudEvent): string | undefined {
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
