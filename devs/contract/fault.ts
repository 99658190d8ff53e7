// The failures that the board can distinguish. All layers and the retry policy use them. Pure.

export const enum FaultKind {
    /** The board has no network (Wi-Fi). This does not count as an attempt. */
    Offline,
    /** DNS, TCP or TLS failed, or the connection was lost. */
    Network,
    /** No answer arrived in time. */
    Timeout,
    /** The peer sent something that the protocol does not allow. */
    Protocol,
    /** CONNACK 3, or the hub closed the connection right after CONNACK. */
    Unavailable,
    /** CONNACK 4 or 5, or status 401 or 403. */
    Refused,
    /** Status 429. */
    Throttled,
    /** Status 5xx. */
    ServerError,
    /** DPS answered `failed` or `disabled`, or it never accepts this request. An operator has to act. */
    Rejected,
}

/** An error with a kind, which decides what the retry policy does. */
export class Fault extends Error {
    /**
     * @param message what happened, for the log; it contains no key and no token
     * @param retryAfterSec `retry-after` of the service in s, 0 if there was none
     */
    constructor(
        public kind: FaultKind,
        message: string,
        public retryAfterSec: number = 0
    ) {
        super(message)
    }
}
