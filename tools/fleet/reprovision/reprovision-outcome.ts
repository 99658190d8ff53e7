import { CloudError } from "../azure/index.js"

/** How it went with one device. */
export const REPROVISION_RESULTS = [
    /** The device answered 202: it will register anew. */
    "accepted",
    /** The device answered something else. */
    "refused",
    /** It is not connected, or takes no methods. */
    "offline",
    /** It did not answer in time. */
    "timeout",
    /** DPS has no registration of it, or its hub does not know it. */
    "unknown",
    /** It is on a hub that there is no access to. */
    "noAccess",
    /** The service refused for another reason. */
    "failed",
    /** A dry run: it would have been asked. */
    "planned",
] as const
export type ReprovisionResult = (typeof REPROVISION_RESULTS)[number]

export interface ReprovisionOutcome {
    id: string
    hub: string | null
    result: ReprovisionResult
    /** Status of the device's answer, or the service's code, such as 404103. */
    code: number | null
    /** In words; "" when there is nothing to add. */
    detail: string
    /** How long the device was told to wait; null when it was told nothing. */
    delaySec: number | null
    /** Its registration record was deleted in DPS. */
    isRecordDeleted: boolean
}

export const isSuccess = ({ result }: Pick<ReprovisionOutcome, "result">) =>
    result === "accepted" || result === "planned"

/** Microsoft, "common error codes". */
const CODES: Record<number, [ReprovisionResult, string]> = {
    404103: ["offline", "not connected, or takes no methods"],
    504101: ["timeout", "did not answer in time"],
    404001: ["unknown", "its hub does not know it"],
}

/** What an error of a call means for the one device; undefined when it means the same for every other one. */
export function resultFromError(
    error: unknown
): Pick<ReprovisionOutcome, "result" | "code" | "detail"> | undefined {
    if (!(error instanceof CloudError)) return undefined
    const { kind, serviceCode: code = null, status, message } = error
    const [result, detail] = CODES[code ?? 0] ?? []
    if (result && detail) return { result, code, detail }
    if (kind === "notFound") return { result: "unknown", code: code ?? 404, detail: message }
    // A hub that is out of its quota refuses the next device too.
    if (kind === "refused" && status !== 403)
        return { result: "failed", code: code ?? status ?? null, detail: message }
    return undefined
}
