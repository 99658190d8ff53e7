// What a service says when it refuses: DPS and IoT Hub write it differently (facts 7, 8).
import type { HttpsAnswer } from "./https.js"
import { CloudError } from "./cloud-errors.js"
import type { ServiceAccess } from "./service-access.js"

interface ServiceRefusal {
    /** Its first three digits are the status. */
    code?: number
    text: string
}

/** Of IoT Hub's names those that are told apart here (Microsoft, "common error codes"). */
const HUB_CODES: Record<string, number> = {
    DeviceNotFound: 404001,
    IotHubNotFound: 404002,
    DeviceNotOnline: 404103,
    GatewayTimeout: 504101,
    DeviceTimeout: 504101,
    IotHubQuotaExceeded: 403002,
}

const TEXT_MAX_CHARS = 300

interface ResponseDetails {
    errorCode?: unknown
    message?: unknown
    Message?: unknown
}

function parse(text: string): ResponseDetails | undefined {
    try {
        const value: unknown = JSON.parse(text)
        return typeof value === "object" && value !== null ? value : undefined
    } catch {
        return undefined
    }
}

const numeric = (value: unknown) => (typeof value === "number" ? value : undefined)

/** The code and the words of an answer that is a refusal. */
export function refusalMessage({ headers, body }: HttpsAnswer): ServiceRefusal {
    const name = headers["iothub-errorcode"]
    const named = typeof name === "string" ? HUB_CODES[name] : undefined
    const outer = parse(body)
    // A direct method's details are JSON within the message.
    const inner = typeof outer?.Message === "string" ? parse(outer.Message) : undefined
    const { errorCode, message, Message } = inner ?? outer ?? {}
    const words = [message, Message].find(each => typeof each === "string")
    const text = String(words ?? "").replace(/^ErrorCode:\w+;\s*/, "")
    return { code: numeric(errorCode) ?? named, text: text.slice(0, TEXT_MAX_CHARS) }
}

/** `retry-after` is in seconds (facts 2); the date form is not known of these services. */
export function retryAfterSecOf({ headers }: HttpsAnswer): number | undefined {
    const text = headers["retry-after"]
    return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined
}

const SKEW_TOLD_SEC = 60

/** A sentence about this machine's clock, when the service's differs. */
function skewNote({ headers }: HttpsAnswer, nowMs: number): string {
    const skewSec = Math.round((nowMs - Date.parse(headers.date ?? "")) / 1000)
    if (Number.isNaN(skewSec) || Math.abs(skewSec) < SKEW_TOLD_SEC) return ""
    const way = skewSec > 0 ? "ahead of" : "behind"
    return ` This machine's clock is ${Math.abs(skewSec)} s ${way} the service's: set it first.`
}

/** A refusal as the error to throw. */
export function errorFromResponse(
    answer: HttpsAnswer,
    { hostName, policy }: ServiceAccess,
    nowMs: number
): CloudError {
    const { status } = answer
    const { code, text } = refusalMessage(answer)
    const retryAfterSec = retryAfterSecOf(answer)
    const details = { status, code, retryAfterSec }
    const said = text ? ` (${text.replace(/\.$/, "")})` : ""
    if (status === 401 || (status === 403 && code === undefined)) {
        const cure = `Check the key of the policy ${policy}, and that it has the right for this.${skewNote(answer, nowMs)}`
        const what = `${hostName} refuses the key: ${status}${said}.`
        return new CloudError("unauthorized", what, { ...details, cure })
    }
    if (status === 404) return new CloudError("notFound", `${hostName} knows no such thing${said}.`, details)
    if (status === 429) {
        const asked = retryAfterSec === undefined ? "" : `, and asks to wait ${retryAfterSec} s`
        const cure = "Something else uses up its quota: try again later, or with a lower rate."
        return new CloudError("throttled", `${hostName} throttles: 429${asked}.`, { ...details, cure })
    }
    if (status >= 500) {
        const what = `${hostName} has a fault of its own: ${status}${said}.`
        return new CloudError("unavailable", what, { ...details, cure: "Try again later." })
    }
    return new CloudError("refused", `${hostName} refuses the request: ${status}${said}.`, details)
}
