// Invariants for the hub that a board connects to, the hub window, and the token.
import { TokenDays } from "@moorage/device/shared"
import type { BoardObserver } from "./board-observer.js"
import { type EventInvariant, formatSeconds, isHub } from "./invariant.js"

/** How long a failing connection attempt may take. */
const ATTEMPT_MAX_MS = 60_000
/** Largest part of a token's lifetime that a session may last. */
const TOKEN_LIFE_MAX = 0.85
/** A renewal waits until telemetry that is being sent is acknowledged. */
const RENEWAL_TOLERANCE_MS = 5 * 60_000

/**
 * Returns whether the board may register: its hub is unknown, refused it twice or is lost for the whole window, or
 * reprovisioning was requested.
 */
function isRegistrationDue(observer: BoardObserver, ms: number): boolean {
    const { isRegistering, reprovisionRequested, knowsHub, refusals, lostMs, windowMs } = observer
    if (isRegistering || reprovisionRequested || !knowsHub || refusals >= 2) return true
    return lostMs !== undefined && ms - lostMs >= windowMs
}

function tokenLifeMs({ sim }: BoardObserver): number {
    return Number(sim.options.settings.TOKEN_DAYS ?? TokenDays.Default) * 86_400_000
}

/** Returns the description of a registration inside the hub window. */
function earlyRegistrationText({ lostMs, refusals }: BoardObserver, ms: number): string {
    const when =
        lostMs === undefined ? "with no failure" : `${formatSeconds(ms - lostMs)} after it lost its hub`
    return `registered ${when}, refused ${refusals} times`
}

export const HUB_INVARIANTS: EventInvariant[] = [
    {
        id: "own-hub",
        sentence: "A board connects only to hubs that DPS assigned to it.",
        source: "R12, R28",
        check: ({ kind, service }, { hubs }) =>
            kind === "dial" && isHub(service) && !hubs.has(service) ? `connected to ${service}` : undefined,
    },
    {
        id: "hub-window",
        sentence:
            "A board that lost its hub registers after 15 minutes at the earliest, or after two refusals. " +
            "The time doubles, up to 2 h, each time DPS assigns the same unreachable hub again.",
        source: "R24, R25",
        check: ({ kind, ms }, observer) =>
            kind === "register" && observer.hubAttempt && !isRegistrationDue(observer, ms)
                ? earlyRegistrationText(observer, ms)
                : undefined,
    },
    {
        id: "window-end",
        sentence:
            "A board whose hub window (30 minutes, at most 4 h) is over asks DPS before it retries its hub. It then " +
            "tries DPS and the hub in turn, as soon as DPS allows it.",
        source: "R14, R23",
        check: ({ kind, service, ms }, observer) => {
            const { hubAttempt, lostMs, windowMs, isRegistering, notBefore, dpsAskedMs = 0 } = observer
            if (kind !== "dial" || !isHub(service) || isRegistering) return undefined
            if (hubAttempt?.endMs === undefined || lostMs === undefined) return undefined
            if (notBefore && ms < notBefore.ms) return undefined
            const spentMs = hubAttempt.endMs - Math.max(lostMs, dpsAskedMs)
            // The window of the firmware is twice the minimum.
            return spentMs > 2 * windowMs + ATTEMPT_MAX_MS
                ? `tried its hub again ${formatSeconds(spentMs)} after the hub was lost`
                : undefined
        },
    },
    {
        id: "fresh-token",
        sentence: "A board that was refused by its hub gets the time from DPS before it tries the hub again.",
        source: "R24, F9",
        check: ({ kind, service }, { isRefused }) =>
            kind === "dial" && isHub(service) && isRefused ? "tried again with the refused token" : undefined,
    },
    {
        id: "token-life",
        sentence: "A session lasts at most 85 % of the lifetime of its token.",
        source: "F16",
        check: ({ ms }, observer) => {
            const { mooredMs } = observer
            if (mooredMs === undefined) return undefined
            const maxMs = TOKEN_LIFE_MAX * tokenLifeMs(observer) + RENEWAL_TOLERANCE_MS
            return ms - mooredMs > maxMs ? `a session of ${formatSeconds(ms - mooredMs)}` : undefined
        },
    },
]
