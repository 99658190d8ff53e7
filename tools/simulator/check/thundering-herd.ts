// Finds thundering herds: boards that fail for the same reason in the same second must not reconnect in the same second.
import { FleetRate, FleetSize, fleetThrottleCeilingMs, LoadFactor } from "@moorage/device/shared"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import type { TraceEvent } from "../trace/trace-event.js"
import type { Invariant } from "./invariant.js"

export const SPREAD_INVARIANT: Invariant = {
    id: "spread",
    sentence:
        "Of 12 or more boards that fail for the same reason in the same second, at most three quarters reconnect " +
        "within the same second.",
    source: "R4, R7",
}

const TOGETHER_MS = 1000
/** Fewer boards than this may reconnect together by chance. */
const HERD_MIN_BOARDS = 12
const TOGETHER_SHARE_MAX = 3 / 4
/** A fleet whose longest wait is shorter has no time to spread. */
const FLEET_WAIT_MIN_MS = 10_000

/** Boards that failed for the same reason in the same second. */
interface Herd {
    startMs: number
    boards: number
    /** When the boards connected again. */
    redialMs: number[]
    isReported: boolean
}

/** Groups boards by reason and time of their failures, and finds groups that reconnect together. */
export class ThunderingHerdDetector {
    /** The latest herd of each reason. */
    private readonly latest = new Map<string, Herd>()
    /** The herd of each board that has not connected since it failed. */
    private readonly herdOf = new Map<string, Herd>()
    /** Boards whose Wi-Fi is or was off. The return of Wi-Fi may end the wait of all of them. */
    private readonly offline = new Set<string>()
    private readonly fleetWaitMs: number

    /** @param settings the firmware's settings of the fleet */
    constructor(settings: Record<string, unknown>) {
        const number = (name: string, fallback: number) => Number(settings[name] ?? fallback)
        this.fleetWaitMs = fleetThrottleCeilingMs(
            number("LOAD", LoadFactor.Default),
            number("FLEET_N", FleetSize.Default),
            number("FLEET_CPS", FleetRate.Default)
        )
    }

    /** Records a trace event. Returns what is wrong, or undefined. */
    onEvent(event: TraceEvent): string | undefined {
        const { board, kind, ms } = event
        if (kind === "event" && event.detail?.startsWith("wifi")) this.offline.add(board)
        if (kind === "power" || kind === "reset" || kind === "panic" || kind === "event") this.remove(board)
        if (kind === "dial") return this.onRedial(board, ms)
        const reason = this.failureIn(event)
        if (reason !== undefined && !this.offline.has(board)) this.add(board, reason, ms)
        return undefined
    }

    /** Returns the reason of a failure after which a board must wait many seconds; undefined for other events. */
    private failureIn({ kind, service, status = 0, retryAfterSec = 0 }: TraceEvent): string | undefined {
        const isDps = service === GLOBAL_DEVICE_ENDPOINT || service === "dps"
        if (kind === "lost" || kind === "fail") return isDps ? undefined : `${kind} ${service}`
        if (kind !== "register" && kind !== "poll" && kind !== "lookup") return undefined
        const isSpread = status >= 500 || (status === 429 && this.fleetWaitMs >= FLEET_WAIT_MIN_MS)
        return isSpread && retryAfterSec === 0 ? `status ${status}` : undefined
    }

    private add(board: string, reason: string, ms: number): void {
        let herd = this.latest.get(reason)
        if (!herd || ms - herd.startMs > TOGETHER_MS)
            this.latest.set(reason, (herd = { startMs: ms, boards: 0, redialMs: [], isReported: false }))
        herd.boards++
        this.herdOf.set(board, herd)
    }

    private remove(board: string): void {
        const herd = this.herdOf.get(board)
        if (herd) herd.boards--
        this.herdOf.delete(board)
    }

    private onRedial(board: string, ms: number): string | undefined {
        const herd = this.herdOf.get(board)
        if (!herd) return undefined
        this.herdOf.delete(board)
        herd.redialMs.push(ms)
        const together = herd.redialMs.filter(atMs => atMs > ms - TOGETHER_MS).length
        const isTogether = herd.boards >= HERD_MIN_BOARDS && together > TOGETHER_SHARE_MAX * herd.boards
        if (herd.isReported || !isTogether) return undefined
        herd.isReported = true
        return `${together} of ${herd.boards} boards connected within a second`
    }
}
