// Errors of the calls from the host tool to DPS and IoT Hub, with the cure for each.

export type CloudErrorKind =
    /** No connection. */
    | "unreachable"
    /** The TLS handshake failed or the certificate is not trusted. */
    | "tls"
    /** No response within the time limit. */
    | "timeout"
    /** 401, or 403 without an error code of the service. */
    | "unauthorized"
    /** 404. */
    | "notFound"
    /** 429. */
    | "throttled"
    /** 5xx. */
    | "unavailable"
    /** Any other status that is not 2xx. */
    | "refused"
    /** The response does not have the documented form. */
    | "malformed"

interface CloudErrorDetails {
    /** HTTP status of the response; undefined if there was no response. */
    status?: number
    /** Error code of the service, for example 404103. */
    code?: number
    /** Value of the response header `retry-after`. */
    retryAfterSec?: number
    /** What the user can do. */
    cure?: string
    cause?: unknown
}

/** A failed call. The message has the problem and the cure. It never contains a key or a token. */
export class CloudError extends Error {
    readonly status?: number
    readonly code?: number
    readonly retryAfterSec?: number
    readonly cure?: string

    /** @param problem what failed and why, without the cure */
    constructor(
        readonly kind: CloudErrorKind,
        readonly problem: string,
        { status, code, retryAfterSec, cure, cause }: CloudErrorDetails = {}
    ) {
        super(cure === undefined ? problem : `${problem} ${cure}`, { cause })
        this.cure = cure
        this.status = status
        this.code = code
        this.retryAfterSec = retryAfterSec
    }
}

/** Options, the environment or a file have no valid address or key for a service. */
export class CloudSettingsError extends Error {}
