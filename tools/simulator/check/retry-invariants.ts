// Invariants for the waits before a request or a connection is repeated.
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { actionText, type EventInvariant, formatSeconds, isHub, TOLERANCE_MS } from "./invariant.js"

const HUB_GAP_MS = 60_000
const SERVER_ERROR_MS = 5_000

export const RETRY_INVARIANTS: EventInvariant[] = [
    {
        id: "retry-after",
        sentence:
            "A board sends no request to DPS before `retry-after` is over, within 5 s after a server error, or " +
            "within 10 minutes after an error that only an operator can correct.",
        source: "R5, F4 to F6",
        check: ({ kind, ms, service }, { notBefore }) => {
            const isRequest = kind === "register" || kind === "poll" || kind === "lookup"
            const isDial =
                kind === "dial" && service === GLOBAL_DEVICE_ENDPOINT && notBefore?.isFault === true
            return (isRequest || isDial) && notBefore && ms < notBefore.ms
                ? `${actionText(kind)} ${formatSeconds(notBefore.ms - ms)} too early: ${notBefore.reason}`
                : undefined
        },
    },
    {
        id: "hub-gap",
        sentence:
            "Attempts at the same hub are at least 60 s apart, or 5 s for the first one after a server error.",
        source: "R21, R27",
        check: ({ kind, ms, service }, observer) => {
            const { hubAttempt } = observer
            if (kind !== "dial" || !isHub(service) || observer.endedOnPurpose) return undefined
            // A hub that DPS assigned instead is tried immediately.
            if (hubAttempt?.service !== service) return undefined
            const isFirst = observer.failures <= 1 && observer.looksLikeServerError
            const gapMs = ms - (hubAttempt.endMs ?? hubAttempt.dialMs)
            const minGapMs = isFirst ? SERVER_ERROR_MS : HUB_GAP_MS
            return gapMs + TOLERANCE_MS < minGapMs
                ? `only ${formatSeconds(gapMs)} after the last attempt`
                : undefined
        },
    },
]
