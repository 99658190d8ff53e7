import type { Random } from "@moorage/runtime"
import { errorResponse, newGuid, timestamp } from "../../dps/dps-bodies.js"

/** A refusal of a service API. `code` has the status as its first three digits. */
export class ServiceError extends Error {
    constructor(
        readonly status: number,
        readonly code: number,
        message: string,
        readonly retryAfterSec?: number
    ) {
        super(message)
    }
}

/** A refusal as its service writes it. */
export interface ErrorReply {
    headers: Record<string, string>
    body: string
}

export type ErrorForm = (error: ServiceError, random: Random, nowMs: number) => ErrorReply

/** ProvisioningServiceErrorDetails (facts 7). */
export const dpsErrorForm: ErrorForm = (error, random, nowMs) => ({
    headers: { "x-ms-error-code": String(error.code) },
    body: errorResponse(error.status, error.code, error.message, random, nowMs).body,
})

/** Names of IoT Hub's error codes (Microsoft, "common error codes"). */
const HUB_CODES: Record<number, string> = {
    400000: "ArgumentInvalid",
    400004: "ArgumentNull",
    401002: "IotHubUnauthorizedAccess",
    403002: "IotHubQuotaExceeded",
    403004: "DeviceMaximumQueueDepthExceeded",
    404000: "NotFound",
    404001: "DeviceNotFound",
    404002: "IotHubNotFound",
    404103: "DeviceNotOnline",
    409001: "DeviceAlreadyExists",
    412001: "PreconditionFailed",
    413001: "MessageTooLarge",
    429001: "ThrottlingException",
    504101: "GatewayTimeout",
}

const HUB_STATUS_NAMES: Record<number, string> = {
    400: "ArgumentInvalid",
    405: "MethodNotAllowed",
    413: "MessageTooLarge",
    429: "ThrottlingException",
    500: "ServerError",
    503: "ServiceUnavailable",
}

/** The name of a hub's error code, as in the header `iothub-errorcode`. */
export function hubErrorName(error: ServiceError): string {
    return HUB_CODES[error.code] ?? HUB_STATUS_NAMES[error.status] ?? "GenericError"
}

/** Direct methods have the details as JSON within the message; seen in traces of 404103 and 504101. */
function isMethodError(error: ServiceError): boolean {
    return error.code === 404103 || error.code === 504101
}

/** `{"Message":"ErrorCode:DeviceNotFound;..."}`: what azure-iot-http-base takes apart. */
export const hubErrorForm: ErrorForm = (error, random, nowMs) => {
    const name = hubErrorName(error)
    const trackingId = `${newGuid(random).replaceAll("-", "").toUpperCase()}-TimeStamp:${timestamp(nowMs)}`
    const headers = { "iothub-errorcode": name }
    if (isMethodError(error)) {
        const details = {
            errorCode: error.code,
            trackingId,
            message: error.message,
            info: {},
            timestampUtc: timestamp(nowMs),
        }
        return { headers, body: JSON.stringify({ Message: JSON.stringify(details), ExceptionMessage: "" }) }
    }
    const text = `ErrorCode:${name};${error.message}`
    return {
        headers,
        body: JSON.stringify({ Message: text, ExceptionMessage: `Tracking ID:${trackingId}` }),
    }
}
