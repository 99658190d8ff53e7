/** The effect of a fault on one request. */
export interface InjectedFault {
    /** The status of the answer. The request is not processed. */
    status?: number
    /** `retry-after` of the answer, in s. */
    retryAfterSec?: number
    /** The return code of the CONNACK. */
    connack?: number
    /** The time before the answer. */
    delayMs?: number
    /** Closes the connection instead of an answer. */
    close?: boolean
    /** Never answers. */
    mute?: boolean
    /** Closes the connection after this number of further bytes to the peer, even in the middle of a packet. */
    dropAfterBytes?: number
    /** Closes the connection this time after CONNACK. 0 closes it immediately, as a hub over its quota does. */
    closeAfterConnackMs?: number
}

/** The requests that a fault can affect. `other` is an HTTP request that is not an operation of the DPS device API. */
export const FAULT_POINTS = ["connect", "register", "poll", "lookup", "other"] as const

/** One request that a fault can affect. */
export interface FaultPoint {
    kind: (typeof FAULT_POINTS)[number]
    /** `dps`, or the host name of a hub. */
    service: string
    /** Registration ID or device ID. Empty if the request does not name one. */
    id: string
}

/** Returns the fault for a request, or undefined if the request is processed normally. */
export type FaultSource = (point: FaultPoint) => InjectedFault | undefined
