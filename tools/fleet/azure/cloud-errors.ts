// Errors of the calls from the host tool to DPS and IoT Hub, with the cure for each.

import { type ErrorCode, MoorageError, type MoorageErrorOptions } from "@moorage/errors"

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

const CODES: Record<CloudErrorKind, ErrorCode> = {
    unreachable: "SERVICE_UNREACHABLE",
    tls: "SERVICE_TLS_FAILED",
    timeout: "SERVICE_TIMEOUT",
    unauthorized: "SERVICE_UNAUTHORIZED",
    notFound: "SERVICE_NOT_FOUND",
    throttled: "SERVICE_THROTTLED",
    unavailable: "SERVICE_UNAVAILABLE",
    refused: "SERVICE_REFUSED",
    malformed: "SERVICE_RESPONSE_INVALID",
}

interface CloudErrorDetails extends MoorageErrorOptions {
    /** HTTP status of the response; undefined if there was no response. */
    status?: number
    /** Error code of the service, for example 404103. */
    serviceCode?: number
    /** Value of the response header `retry-after`. */
    retryAfterSec?: number
}

/** A failed call. The message contains the problem and the cure, but never a key or a token. */
export class CloudError extends MoorageError {
    readonly status?: number
    readonly serviceCode?: number
    readonly retryAfterSec?: number

    /** @param problem what failed and why, without the cure */
    constructor(
        readonly kind: CloudErrorKind,
        problem: string,
        { status, serviceCode, retryAfterSec, ...options }: CloudErrorDetails = {}
    ) {
        super(CODES[kind], problem, options)
        this.status = status
        this.serviceCode = serviceCode
        this.retryAfterSec = retryAfterSec
    }
}

/** Options, the environment or a file have no valid address or key for a service. */
export class CloudSettingsError extends MoorageError {
    constructor(message: string, options?: MoorageErrorOptions) {
        super("CONNECTION_INVALID", message, options)
    }
}
