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

/** What a fault can do to one request. */
export interface InjectedFault {
    /** Answer with this status instead of doing the work. */
    status?: number
    retryAfterSec?: number
    /** CONNACK return code. */
    connack?: number
    /** Wait before answering. */
    delayMs?: number
    /** Drop the connection instead of answering. */
    close?: boolean
    /** Never answer. */
    mute?: boolean
    /** Break the connection after so many bytes more were sent to the peer, in the middle of a packet if need be. */
    dropAfterBytes?: number
    /** Close the connection so long after CONNACK; 0 is at once, as a hub over its quota does. */
    closeAfterConnackMs?: number
}

/** Where a fault can be put; `other` is an HTTP request that is none of DPS's operations. */
export const FAULT_POINTS = ["connect", "register", "poll", "lookup", "other"] as const

export interface FaultPoint {
    kind: (typeof FAULT_POINTS)[number]
    service: string
    id: string
}

/** Asked at every point; undefined lets the request through. */
export type FaultPlan = (point: FaultPoint) => InjectedFault | undefined
