// Crowds: boards that the same trouble struck in the same second. What each of them does next is to be by chance.
import { fleetThrottleCeilingMs } from "@moorage/device/shared"
import type { TraceEvent } from "../trace/trace-event.js"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"

const TOGETHER_MS = 1000
/** Fewer boards than these may meet again by chance. */
const CROWD_MIN = 12
const SHARE_MAX = 3 / 4
/** A fleet that is to be back sooner has no room to spread. */
const FLEET_MIN_MS = 10_000

/** The fleet as the firmware's settings have it, and what they are unless given. */
const FLEET_N = 1000
const FLEET_CPS = 16
const LOAD = 1

interface Crowd {
    sinceMs: number
    size: number
    /** When one of them dialled again. */
    backMs: number[]
    told: boolean
}

export class ThunderingHerdDetector {
    /** The latest crowd of each trouble. */
    private readonly latest = new Map<string, Crowd>()
    /** Which crowd a board is in, that has not dialled since. */
    private readonly crowdOf = new Map<string, Crowd>()
    /** Boards that were without Wi-Fi: what ends their wait may be its return, for all at once. */
    private readonly offline = new Set<string>()
    private readonly fleetMs: number

    constructor(settings: Record<string, unknown>) {
        const number = (name: string, fallback: number) => Number(settings[name] ?? fallback)
        this.fleetMs = fleetThrottleCeilingMs(
            number("LOAD", LOAD),
            number("FLEET_N", FLEET_N),
            number("FLEET_CPS", FLEET_CPS)
        )
    }

    /** Takes the fact in; what is returned says what is wrong. */
    add(fact: TraceEvent): string | undefined {
        const { board, kind, ms } = fact
        if (kind === "event" && fact.detail?.startsWith("wifi")) this.offline.add(board)
        if (kind === "power" || kind === "reset" || kind === "panic" || kind === "event") this.leave(board)
        if (kind === "dial") return this.back(board, ms)
        const trouble = this.troubleIn(fact)
        if (trouble !== undefined && !this.offline.has(board)) this.join(board, trouble, ms)
        return undefined
    }

    /** What is to be answered by a wait of many seconds, or undefined. */
    private troubleIn({ kind, service, status = 0, retryAfterSec = 0 }: TraceEvent): string | undefined {
        const isDps = service === GLOBAL_DEVICE_ENDPOINT || service === "dps"
        if (kind === "lost" || kind === "fail") return isDps ? undefined : `${kind} ${service}`
        if (kind !== "register" && kind !== "poll" && kind !== "lookup") return undefined
        const isSpread = status >= 500 || (status === 429 && this.fleetMs >= FLEET_MIN_MS)
        return isSpread && retryAfterSec === 0 ? `status ${status}` : undefined
    }

    private join(board: string, trouble: string, ms: number): void {
        let crowd = this.latest.get(trouble)
        if (!crowd || ms - crowd.sinceMs > TOGETHER_MS)
            this.latest.set(trouble, (crowd = { sinceMs: ms, size: 0, backMs: [], told: false }))
        crowd.size++
        this.crowdOf.set(board, crowd)
    }

    private leave(board: string): void {
        const crowd = this.crowdOf.get(board)
        if (crowd) crowd.size--
        this.crowdOf.delete(board)
    }

    private back(board: string, ms: number): string | undefined {
        const crowd = this.crowdOf.get(board)
        if (!crowd) return undefined
        this.crowdOf.delete(board)
        crowd.backMs.push(ms)
        const together = crowd.backMs.filter(atMs => atMs > ms - TOGETHER_MS).length
        if (crowd.told || crowd.size < CROWD_MIN || together <= SHARE_MAX * crowd.size) return undefined
        crowd.told = true
        return `${together} of ${crowd.size} boards dialled within a second`
    }
}
