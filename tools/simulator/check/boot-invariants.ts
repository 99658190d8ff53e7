// Invariants for the time from a boot to the first connection to a hub.
import { CRASHES_MAX } from "@moorage/device/shared"
import type { BoardObserver } from "./board-observer.js"
import { actionText, type EventInvariant, formatSeconds, TOLERANCE_MS } from "./invariant.js"

const isInSafeMode = ({ sim }: BoardObserver) => sim.flashRecord().crashes >= CRASHES_MAX

/** Returns when the slot of a new board begins, in ms since the run began. */
function slotStartMs({ sim, bootMs }: BoardObserver): number {
    const { SLOT = 0, SLOT_SEC = 0 } = sim.options.settings
    return bootMs + Number(SLOT) * Number(SLOT_SEC) * 1000
}

export const BOOT_INVARIANTS: EventInvariant[] = [
    {
        id: "warm-boot",
        sentence: "A board that boots with a valid record connects to its hub before it asks DPS.",
        source: "R9, R10",
        check: ({ kind }, observer) => {
            const { hubAttempt, hasRecord, knowsHub, reprovisionRequested, isRegistering } = observer
            if (hubAttempt || reprovisionRequested || isRegistering) return undefined
            const isUnneeded = (kind === "register" && knowsHub) || (kind === "lookup" && hasRecord)
            return isUnneeded && !isInSafeMode(observer)
                ? `${actionText(kind)} without an attempt at the hub it knew`
                : undefined
        },
    },
    {
        id: "lookup-first",
        sentence:
            "A board without a valid record calls the status lookup before it registers. A full image whose flash has " +
            "no record at all registers without a lookup.",
        source: "R2, R16, R17",
        check: ({ kind }, observer) => {
            const { sim, knowsHub, hasRecordText, hasLookedUp, reprovisionRequested, isRegistering } =
                observer
            if (kind !== "register" || knowsHub || hasLookedUp || reprovisionRequested || isRegistering)
                return undefined
            return sim.storesRecord && !hasRecordText ? undefined : "registered without a lookup"
        },
    },
    {
        id: "slot",
        sentence: "A new board does not ask DPS for its first assignment before its slot begins.",
        source: "R1",
        check: ({ kind, ms }, observer) => {
            const { sim, hubs } = observer
            const isFirstRequest = kind === "register" || (kind === "lookup" && sim.storesRecord)
            const earlyMs = slotStartMs(observer) - ms
            return isFirstRequest && hubs.size === 0 && earlyMs > TOLERANCE_MS
                ? `${actionText(kind)} ${formatSeconds(earlyMs)} before its slot`
                : undefined
        },
    },
]
