// What can go wrong between the host tool and a service, as a person can mend it.

export type CloudErrorKind =
    | "unreachable"
    | "tls"
    | "late"
    | "unauthorized"
    | "notFound"
    | "throttled"
    | "unavailable"
    | "refused"
    | "malformed"

interface Details {
    /** HTTP status of the answer; none when there was no answer. */
    status?: number
    /** The service's own code, such as 404103. */
    code?: number
    /** As the service asked for. */
    retryAfterSec?: number
    cause?: unknown
}

/** A call that failed: its message says what, why, and what to do next. It never holds a key or a token. */
export class CloudError extends Error {
    readonly status?: number
    readonly code?: number
    readonly retryAfterSec?: number

    constructor(
        readonly kind: CloudErrorKind,
        message: string,
        { status, code, retryAfterSec, cause }: Details = {}
    ) {
        super(message, { cause })
        this.status = status
        this.code = code
        this.retryAfterSec = retryAfterSec
    }
}

/** Where the services are, or how to sign, is not said or said wrongly: a matter of options and files. */
export class CloudSettingsError extends Error {}
