/** One event in the emulated cloud. It never contains a key or a token. */
export interface CloudEvent {
    atMs: number
    /** `dps`, or the host name of a hub. */
    service: string
    kind:
        | "connack"
        | "disconnect"
        | "register"
        | "poll"
        | "lookup"
        | "http"
        | "telemetry"
        | "c2d"
        | "method"
        | "methodResponse"
        | "twin"
    /** The registration ID at DPS, or the device ID at a hub. Empty if the client did not send one. */
    id: string
    /** The return code of a CONNACK, or the status of an answer. */
    status?: number
    /** `retry-after` of an answer of DPS. */
    retryAfterSec?: number
    /** Depends on the kind: the assigned hub, the method name, the property bag or the reason of a disconnection. */
    detail?: string
    /** The body of telemetry or of reported properties. */
    body?: string
    /** Application and system properties of telemetry. */
    properties?: Record<string, string>
}

/** An event before the cloud adds the time and the service. */
export type NewCloudEvent = Omit<CloudEvent, "atMs" | "service">
