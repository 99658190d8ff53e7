// What can go wrong, as the board can tell it apart: the vocabulary of every layer and of the policy. Pure.

export const enum FaultKind {
    /** The board itself has no network yet (Wi-Fi): not a try. */
    Offline,
    /** DNS, TCP or TLS failed, or the socket was lost. */
    Network,
    /** Nothing came back in time. */
    Timeout,
    /** The peer sent what the protocol does not allow. */
    Protocol,
    /** CONNACK 3, or the hub closed right after CONNACK. */
    Unavailable,
    /** CONNACK 4 or 5, or status 401, 403, 404. */
    Refused,
    /** Status 429. */
    Throttled,
    /** Status 5xx. */
    ServerError,
    /** DPS answered `failed` or `disabled`, or a request that it will never take: the operator's matter. */
    Rejected,
}

/** An error that the policy can switch on. */
export class Fault extends Error {
    /**
     * @param message what happened, for the log; never holds a key or a token
     * @param retryAfterSec as the service said, or 0
     */
    constructor(
        public kind: FaultKind,
        message: string,
        public retryAfterSec: number = 0
    ) {
        super(message)
    }
}
