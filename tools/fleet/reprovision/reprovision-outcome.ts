// The result of a reprovisioning request to one device.
import { CloudError } from "../azure/index.js"

export const REPROVISION_RESULTS = [
    /** The device answered 202 and will register again. */
    "accepted",
    /** The device answered with another status. */
    "refused",
    /** The device is not connected or has not subscribed to methods. */
    "offline",
    /** The device did not answer in time. */
    "timeout",
    /** DPS has no registration of the device, or its hub does not know it. */
    "unknown",
    /** There is no connection string for the hub of the device. */
    "noAccess",
    /** The service rejected the call for another reason. */
    "failed",
    /** Dry run: the device would have been called. */
    "planned",
] as const
export type ReprovisionResult = (typeof REPROVISION_RESULTS)[number]

export interface ReprovisionOutcome {
    id: string
    hub: string | null
    result: ReprovisionResult
    /** Status of the device's response, or error code of the service, for example 404103. */
    code: number | null
    /** Explanation, or "". */
    detail: string
    /** Delay in the request; null if the device was not called. */
    delaySec: number | null
    /** Whether the registration record was deleted in DPS. */
    isRecordDeleted: boolean
}

export const isSuccess = ({ result }: Pick<ReprovisionOutcome, "result">) =>
    result === "accepted" || result === "planned"

/** Results by error code (Microsoft Learn, "Azure IoT Hub error codes"). */
const RESULTS_BY_CODE: Record<number, [ReprovisionResult, string]> = {
    404103: ["offline", "not connected, or not subscribed to methods"],
    504101: ["timeout", "no answer in time"],
    404001: ["unknown", "its hub does not know it"],
}

/** Returns the result for one device, or undefined if the error is not specific to this device. */
export function resultFromError(
    error: unknown
): Pick<ReprovisionOutcome, "result" | "code" | "detail"> | undefined {
    if (!(error instanceof CloudError)) return undefined
    const { kind, serviceCode: code = null, status, message } = error
    const [result, detail] = RESULTS_BY_CODE[code ?? 0] ?? []
    if (result && detail) return { result, code, detail }
    if (kind === "notFound") return { result: "unknown", code: code ?? 404, detail: message }
    // A hub that has exhausted its quota answers 403 to the next device too.
    if (kind === "refused" && status !== 403)
        return { result: "failed", code: code ?? status ?? null, detail: message }
    return undefined
}
