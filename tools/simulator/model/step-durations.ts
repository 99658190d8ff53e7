// How long the steps of a board's life take, between one moment at which a service decides something and the next.
// The same for all boards: it is the throttles, and how boards wait, that spread them.
import { CohortStep } from "./cohorts.js"

/** What the network and the chip cost. */
export interface Latencies {
    /** From power-on to the first connection. */
    bootMs: number
    dnsMs: number
    /** There and back. */
    rttMs: number
    /** Reckoning of a TLS handshake on the chip. */
    tlsMs: number
    /** From an answer to the next request: the runtime looks at its socket each 10 ms, and acts at the next. */
    turnMs: number
    /** How long a board waits for CONNACK. */
    connackMs: number
}

/** The network of the simulator's plans; the rest as the bytecode has it in the VM, and devs/mqtt. */
export const DEFAULT_LATENCIES: Latencies = {
    bootMs: 1730,
    dnsMs: 30,
    rttMs: 80,
    tlsMs: 1200,
    turnMs: 20,
    connackMs: 70_000,
}

/** devs/socket: what the last link left behind is over in this time. */
const SETTLE_MS = 20
/** devs/mqtt: the DISCONNECT leaves in this time. */
const DRAIN_MS = 100

/** The spans of time between what a board does, in whole ms. */
export class StepDurations {
    readonly bootMs: number
    /** From one request's arrival to the next one's. */
    readonly exchangeMs: number
    /** From a request's arrival to the board's having read the answer. */
    readonly answerMs: number
    /** The same, to the end of an MQTT session. */
    readonly endMs: number
    /** From a CONNECT's arrival to the board's giving up on its CONNACK. */
    readonly giveUpMs: number
    /** The longest that a CONNACK may be late. */
    readonly connackMaxMs: number
    /** From the CONNACK to both subscriptions' acknowledgement. */
    readonly subscribedMs: number
    /** From dialling to the first request's arrival. */
    private readonly requestMs: number

    constructor({ bootMs, dnsMs, rttMs, tlsMs, turnMs, connackMs }: Latencies) {
        const wayMs = Math.round(rttMs / 2)
        this.bootMs = Math.round(bootMs)
        this.exchangeMs = Math.round(rttMs + turnMs)
        this.answerMs = Math.round(wayMs + turnMs)
        this.endMs = this.answerMs + DRAIN_MS
        this.giveUpMs = connackMs - wayMs
        this.connackMaxMs = connackMs - 2 * wayMs
        this.subscribedMs = this.answerMs + 2 * this.exchangeMs
        // TCP takes one round trip, TLS 1.2 two.
        this.requestMs = Math.round(SETTLE_MS + dnsMs + 3 * rttMs + tlsMs + turnMs + wayMs)
    }

    /** From the board's turning to a step to the arrival of what the step asks for. */
    arrivalMs(step: CohortStep, knowsTime: boolean): number {
        const { requestMs, exchangeMs, answerMs } = this
        switch (step) {
            // On one connection: `HEAD /` for the time, then the lookup.
            case CohortStep.Lookup:
                return requestMs + (knowsTime ? 0 : exchangeMs)
            // The time, on a connection of its own; then CONNECT, SUBSCRIBE, and the request.
            case CohortStep.Register:
                return (knowsTime ? 0 : requestMs + answerMs) + requestMs + 2 * exchangeMs
            case CohortStep.Connect:
                return requestMs
        }
    }
}
