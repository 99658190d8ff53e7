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

interface CloudErrorDetails {
    /** HTTP status of the answer; none when there was no answer. */
    status?: number
    /** The service's own code, such as 404103. */
    code?: number
    /** As the service asked for. */
    retryAfterSec?: number
    /** What to do next. */
    cure?: string
    cause?: unknown
}

/** A call that failed: its message says what, why, and what to do next. It never holds a key or a token. */
export class CloudError extends Error {
    readonly status?: number
    readonly code?: number
    readonly retryAfterSec?: number
    readonly cure?: string

    /** @param what and why, without the cure */
    constructor(
        readonly kind: CloudErrorKind,
        readonly what: string,
        { status, code, retryAfterSec, cure, cause }: CloudErrorDetails = {}
    ) {
        super(cure === undefined ? what : `${what} ${cure}`, { cause })
        this.cure = cure
        this.status = status
        this.code = code
        this.retryAfterSec = retryAfterSec
    }
}

/** Where the services are, or how to sign, is not said or said wrongly: a matter of options and files. */
export class CloudSettingsError extends Error {}
