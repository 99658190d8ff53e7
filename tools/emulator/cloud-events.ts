/** What happened in the emulated cloud; never holds a key or a token. */
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
    /** Registration ID at DPS, device ID at a hub; empty when the peer never said. */
    id: string
    /** CONNACK return code, or status. */
    status?: number
    /** What an answer of DPS said, in s. */
    retryAfterSec?: number
    /** What the event is about: the assigned hub, a method's name, the property bag of telemetry, why a session ended. */
    detail?: string
    /** Body of telemetry, or of reported properties. */
    body?: string
    /** Application and system properties of telemetry. */
    properties?: Record<string, string>
}
