// Durations of the steps between two decisions of a service. They are the same for all boards. Only the throttles and the
// waits of the boards differ.
import { CohortStep } from "./cohorts.js"

/** Latencies of the network and the chip. */
export interface Latencies {
    /** From power-on to the first connection. */
    bootMs: number
    dnsMs: number
    /** Round-trip time. */
    rttMs: number
    /** Computing time of a TLS handshake on the chip. */
    tlsMs: number
    /** From an answer to the next request. The runtime polls its socket every 10 ms and acts at the next poll. */
    turnMs: number
    /** How long a board waits for CONNACK. */
    connackMs: number
}

/** The network of the simulator's plans, and the times of the bytecode in the VM. */
export const DEFAULT_LATENCIES: Latencies = {
    bootMs: 1730,
    dnsMs: 30,
    rttMs: 80,
    tlsMs: 1200,
    turnMs: 20,
    connackMs: 70_000,
}

/** The firmware waits this long before it opens the next connection (devs/socket). */
const SETTLE_MS = 20
/** The firmware waits this long for the DISCONNECT to be sent (devs/mqtt). */
const DRAIN_MS = 100

/** The durations between the actions of a board, in integral ms. */
export class StepDurations {
    readonly bootMs: number
    /** From the arrival of a request to the arrival of the next one. */
    readonly exchangeMs: number
    /** From the arrival of a request until the board has read the answer. */
    readonly answerMs: number
    /** From the arrival of a request to the end of the MQTT session. */
    readonly endMs: number
    /** From the arrival of a CONNECT until the board stops waiting for CONNACK. */
    readonly giveUpMs: number
    /** Longest time that the hub may wait before it sends CONNACK. */
    readonly connackMaxMs: number
    /** From CONNACK until both subscriptions are acknowledged. */
    readonly subscribedMs: number
    /** From the start of a connection to the arrival of the first request. */
    private readonly requestMs: number

    constructor({ bootMs, dnsMs, rttMs, tlsMs, turnMs, connackMs }: Latencies) {
        const oneWayMs = Math.round(rttMs / 2)
        this.bootMs = Math.round(bootMs)
        this.exchangeMs = Math.round(rttMs + turnMs)
        this.answerMs = Math.round(oneWayMs + turnMs)
        this.endMs = this.answerMs + DRAIN_MS
        this.giveUpMs = connackMs - oneWayMs
        this.connackMaxMs = connackMs - 2 * oneWayMs
        this.subscribedMs = this.answerMs + 2 * this.exchangeMs
        // TCP takes one round trip, TLS 1.2 two.
        this.requestMs = Math.round(SETTLE_MS + dnsMs + 3 * rttMs + tlsMs + turnMs + oneWayMs)
    }

    /** Returns the time from the start of a step to the arrival of its request. */
    arrivalMs(step: CohortStep, knowsTime: boolean): number {
        const { requestMs, exchangeMs, answerMs } = this
        switch (step) {
            // `HEAD /` for the time, then the lookup on the same connection.
            case CohortStep.Lookup:
                return requestMs + (knowsTime ? 0 : exchangeMs)
            // The time on a separate connection, then CONNECT, SUBSCRIBE and the request.
            case CohortStep.Register:
                return (knowsTime ? 0 : requestMs + answerMs) + requestMs + 2 * exchangeMs
            case CohortStep.Connect:
                return requestMs
        }
    }
}
