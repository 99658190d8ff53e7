import type { Random } from "@moorage/runtime"
import { errorResponse, newGuid, timestamp } from "../../dps/dps-bodies.js"

/** A refusal of a service API. The first three digits of `code` are the status. */
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

/** A refusal in the format of its service. */
export interface ErrorReply {
    headers: Record<string, string>
    body: string
}

export type ErrorForm = (error: ServiceError, random: Random, nowMs: number) => ErrorReply

/** Formats a refusal of DPS: ProvisioningServiceErrorDetails (protocol-facts.md, 7). */
export const dpsErrorForm: ErrorForm = (error, random, nowMs) => ({
    headers: { "x-ms-error-code": String(error.code) },
    body: errorResponse(error, random, nowMs).body,
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

/** Returns the name of a hub's error code for the header `iothub-errorcode`. */
export function hubErrorName(error: ServiceError): string {
    return HUB_CODES[error.code] ?? HUB_STATUS_NAMES[error.status] ?? "GenericError"
}

/** Errors of direct methods have their details as JSON in the message, as in traces of 404103 and 504101. */
function isMethodError(error: ServiceError): boolean {
    return error.code === 404103 || error.code === 504101
}

/** Formats a refusal of a hub: `{"Message":"ErrorCode:DeviceNotFound;..."}`, as azure-iot-http-base parses it. */
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
