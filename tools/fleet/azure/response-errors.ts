// Reads the error responses of DPS and IoT Hub, which have different forms (protocol-facts.md, 7 and 8).
import type { HttpsResponse } from "./https.js"
import { CloudError } from "./cloud-errors.js"
import type { ServiceAccess } from "./service-access.js"

interface ServiceErrorBody {
    /** Its first three digits are the HTTP status. */
    code?: number
    text: string
}

/** Codes of the IoT Hub error names that the host tool distinguishes (Microsoft Learn, "Azure IoT Hub error codes"). */
const HUB_CODES: Record<string, number> = {
    DeviceNotFound: 404001,
    IotHubNotFound: 404002,
    DeviceNotOnline: 404103,
    GatewayTimeout: 504101,
    DeviceTimeout: 504101,
    IotHubQuotaExceeded: 403002,
}

const TEXT_MAX_CHARS = 300

interface ErrorFields {
    errorCode?: unknown
    message?: unknown
    Message?: unknown
}

function parseObject(text: string): ErrorFields | undefined {
    try {
        const value: unknown = JSON.parse(text)
        return typeof value === "object" && value !== null ? value : undefined
    } catch {
        return undefined
    }
}

/** Returns the error code and the error text of a response. */
export function parseErrorResponse({ headers, body }: HttpsResponse): ServiceErrorBody {
    const name = headers["iothub-errorcode"]
    const codeOfName = typeof name === "string" ? HUB_CODES[name] : undefined
    const outer = parseObject(body)
    // The details of a failed direct method are JSON inside the message.
    const inner = typeof outer?.Message === "string" ? parseObject(outer.Message) : undefined
    const { errorCode, message, Message } = inner ?? outer ?? {}
    const code = typeof errorCode === "number" ? errorCode : codeOfName
    const text = [message, Message].find(each => typeof each === "string") ?? ""
    return { code, text: text.replace(/^ErrorCode:\w+;\s*/, "").slice(0, TEXT_MAX_CHARS) }
}

/** Returns the seconds in `retry-after` (protocol-facts.md, 2). These services never send the date form. */
export function readRetryAfterSec({ headers }: HttpsResponse): number | undefined {
    const text = headers["retry-after"]
    return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

const SKEW_REPORTED_SEC = 60

/** Returns a sentence about the clock of this machine if it differs from the clock of the service, or "". */
function skewNote({ headers }: HttpsResponse, nowMs: number): string {
    const skewSec = Math.round((nowMs - Date.parse(headers.date ?? "")) / 1000)
    if (Number.isNaN(skewSec) || Math.abs(skewSec) < SKEW_REPORTED_SEC) return ""
    const direction = skewSec > 0 ? "ahead of" : "behind"
    return ` Set the clock of this machine first: it is ${Math.abs(skewSec)} s ${direction} the service's clock.`
}

/** Returns the error for a response whose status is not 2xx. */
export function errorFromResponse(
    response: HttpsResponse,
    { hostName, policy }: ServiceAccess,
    nowMs: number
): CloudError {
    const { status } = response
    const { code, text } = parseErrorResponse(response)
    const retryAfterSec = readRetryAfterSec(response)
    const details = { status, serviceCode: code, retryAfterSec }
    const reason = text ? ` (${text.replace(/\.$/, "")})` : ""
    if (status === 401 || (status === 403 && code === undefined)) {
        const cure = `Check the key of the policy ${policy} and its permissions.${skewNote(response, nowMs)}`
        const problem = `${hostName} rejects the key: ${status}${reason}.`
        return new CloudError("unauthorized", problem, { ...details, cure })
    }
    if (status === 404)
        return new CloudError("notFound", `${hostName} does not know the requested object${reason}.`, details)
    if (status === 429) {
        const delay = retryAfterSec === undefined ? "" : `, retry after ${retryAfterSec} s`
        const cure = "Another client uses the quota. Try again later, or with a lower rate."
        return new CloudError("throttled", `${hostName} throttles: 429${delay}.`, { ...details, cure })
    }
    if (status >= 500) {
        const problem = `${hostName} has an internal error: ${status}${reason}.`
        return new CloudError("unavailable", problem, { ...details, cure: "Try again later." })
    }
    return new CloudError("refused", `${hostName} rejects the request: ${status}${reason}.`, details)
}
