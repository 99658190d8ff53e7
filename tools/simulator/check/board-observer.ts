// The known state of one board, collected from trace events: network, power switch and answers of the cloud. The
// observer does not look into the firmware. From the log it reads only the renewal of a token.
import { LogText } from "@moorage/device/shared"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import type { TraceEvent } from "../trace/trace-event.js"
import type { SimulatedBoard } from "../world/simulated-board.js"

/** Number of latest trace events that are kept for the report of a violation. */
const RECENT_MAX = 50
/** A hub over its quota accepts a session and closes it sooner than this. */
const SERVER_ERROR_SESSION_MS = 5_000
/**
 * A board that closes a connection this soon after it opened had already abandoned it. The socket's worker was still
 * connecting.
 */
const ABANDONED_MS = 50

/** Minimum of R25. The window of the firmware is twice as long. */
const HUB_WINDOW_MIN_MS = 15 * 60_000
/** The window doubles up to this while DPS assigns the same unreachable hub (policy.md, R25: 4 h in the firmware). */
const HUB_WINDOW_MAX_MS = 2 * 3600_000

/** The latest attempt to connect to a hub since the board booted. */
export interface HubAttempt {
    service: string
    dialMs: number
    openMs?: number
    /** When the attempt failed or the session ended; undefined while it lasts. */
    endMs?: number
    connack?: number
    connackMs?: number
}

/** The earliest time for the next request to DPS. */
interface DpsWait {
    ms: number
    reason: string
    /** Whether the wait also covers connections: the answer was an error, not a request to poll later. */
    isFault: boolean
}

/** Waits for DPS: after a server error, after 429 without `retry-after`, after `failed` or `disabled` (policy.md, F4 to F6). */
const SERVER_ERROR_MS = 5_000
const THROTTLED_MS = 1_000
const OPERATOR_MS = 10 * 60_000

const REQUESTS = ["register", "poll", "lookup"]

/** Returns whether the board had abandoned the attempt while it was still connecting. */
function wasAbandoned({ openMs, connack }: HubAttempt, kind: TraceEvent["kind"], ms: number): boolean {
    return kind === "hangUp" && openMs !== undefined && connack === undefined && ms - openMs < ABANDONED_MS
}

/** Returns whether the log line says that the board ended its session for a new token or a new assignment. */
function isPlannedEnd(line = ""): boolean {
    return line === LogText.Renewal || line.startsWith(LogText.Reprovision)
}

/** Collects the known state of one board from its trace events. */
export class BoardObserver {
    readonly recent: TraceEvent[] = []
    /** All hubs that DPS ever assigned to the board. */
    readonly hubs = new Set<string>()
    /** When the board was last powered on or reset. */
    bootMs = 0
    /** Whether flash contained a record at the last boot. */
    hasRecord = false
    /** Whether flash contained the text of a record at the last boot: valid, damaged or of another owner. */
    hasRecordText = false
    /** Whether the board knows a hub since the last boot: from its record or from DPS. */
    knowsHub = false
    /** Whether DPS answered a status lookup since the last boot. */
    hasLookedUp = false
    hubAttempt: HubAttempt | undefined
    /** Whether the board ended its last session on purpose: for a new token or a new assignment. */
    endedOnPurpose = false
    /** Failed attempts at the hub since the last stable session. */
    failures = 0
    /** CONNACK 4 or 5 of a hub since the last stable session or registration. */
    refusals = 0
    /** When the hub was lost: the first failure since the last stable session or registration. */
    lostMs: number | undefined
    /** Minimum time for which a lost hub is retried before DPS is asked. */
    windowMs = HUB_WINDOW_MIN_MS
    /** Whether a hub refused the board, and the board has not connected to DPS since. */
    isRefused = false
    /** Whether reprovisioning was requested in any way. */
    reprovisionRequested = false
    /** Whether the board answered 202 to the request, and has not registered since. */
    reprovisionAccepted = false
    /** When the board last connected to DPS. */
    dpsAskedMs: number | undefined
    /** Whether a registration has begun and not ended. */
    isRegistering = false
    notBefore: DpsWait | undefined
    /** When the hub accepted the open session. */
    mooredMs: number | undefined
    /** When the board was last moored. */
    lastMooredMs: number | undefined
    /** When the board was moored for the first time. */
    firstMooredMs: number | undefined
    firstPowerMs: number | undefined
    /** From an answer of DPS that has not reached the board yet. */
    private pendingNotBefore: DpsWait | undefined
    /** Hub of the record or of the last assignment. */
    private hub: string | undefined
    /** An assignment that has not reached the board yet. */
    private pendingHub: { name: string; by: TraceEvent["kind"] } | undefined

    /** @param stableMs age at which a session is stable */
    constructor(
        readonly sim: SimulatedBoard,
        readonly stableMs: number
    ) {}

    /** Updates the state. The invariants check the event before that, with the state until then. */
    update(event: TraceEvent): void {
        this.recent.push(event)
        if (this.recent.length > RECENT_MAX) this.recent.shift()
        const { ms, kind, service, status } = event
        if (kind === "power" && event.detail === "on") this.firstPowerMs ??= ms
        if (kind === "power" || kind === "reset" || kind === "panic") this.onBoot(ms)
        else if (kind === "start") this.onProgramStart()
        else if (REQUESTS.includes(kind)) this.onDpsAnswer(event)
        else if (kind === "methodResponse" && status === 202)
            this.reprovisionRequested = this.reprovisionAccepted = true
        else if (kind === "event" && event.detail?.startsWith("reprovision")) this.reprovisionRequested = true
        else if (kind === "log" && isPlannedEnd(event.detail)) this.endedOnPurpose = true
        else if (kind === "connack" && service === "dps") this.onDpsConnack(ms, status ?? 0)
        else if (kind === "connack") this.onHubConnack(ms, status ?? 0)
        else if (service === GLOBAL_DEVICE_ENDPOINT) this.onDpsConnection(kind, ms)
        else if (service !== undefined) this.onHubConnection(event)
    }

    /** Applies the latest answer of DPS: its bytes have reached the board. */
    onBytesReceived(service: string): void {
        if (service !== GLOBAL_DEVICE_ENDPOINT) return
        if (this.pendingNotBefore) this.notBefore = this.pendingNotBefore
        this.pendingNotBefore = undefined
        if (this.pendingHub) this.applyAssignment(this.pendingHub)
        this.pendingHub = undefined
    }

    private onProgramStart(): void {
        const { assignment, text } = this.sim.flashRecord()
        this.hasRecordText = text !== ""
        this.hub = assignment?.hub
        this.hasRecord = this.hub !== undefined
        this.knowsHub = this.hasRecord
    }

    private onBoot(ms: number): void {
        if (this.mooredMs !== undefined) this.lastMooredMs = ms
        this.mooredMs = undefined
        this.hubAttempt = undefined
        this.endedOnPurpose = false
        this.failures = 0
        this.refusals = 0
        this.lostMs = undefined
        this.isRegistering = false
        this.notBefore = undefined
        this.pendingNotBefore = undefined
        this.pendingHub = undefined
        this.bootMs = ms
        this.windowMs = HUB_WINDOW_MIN_MS
        this.isRefused = false
        this.reprovisionAccepted = false
        this.hasRecord = false
        this.hasRecordText = false
        this.dpsAskedMs = undefined
        this.knowsHub = false
        this.hasLookedUp = false
    }

    private onDpsAnswer({ ms, kind, status = 0, retryAfterSec = 0, detail }: TraceEvent): void {
        if (kind === "register") {
            this.isRegistering = true
            this.reprovisionAccepted = false
        }
        const isTransient = status >= 500 || status === 429 || status === 401 || status === 403
        if (kind === "lookup") this.hasLookedUp = true
        if (status === 200 && detail !== undefined) {
            this.hubs.add(detail)
            this.pendingHub = { name: detail, by: kind }
        }
        const wait = (waitMs: number, reason: string) => ({
            ms: ms + waitMs,
            reason,
            isFault: status !== 202,
        })
        if (retryAfterSec > 0)
            this.pendingNotBefore = wait(retryAfterSec * 1000, `retry-after ${retryAfterSec} s`)
        else if (status >= 500) this.pendingNotBefore = wait(SERVER_ERROR_MS, `status ${status}`)
        else if (status === 429) this.pendingNotBefore = wait(THROTTLED_MS, "status 429")
        else if (status === 200 && detail === undefined && kind !== "lookup")
            this.pendingNotBefore = wait(OPERATOR_MS, "failed or disabled")
        else if (status >= 400 && status !== 404 && !isTransient)
            this.pendingNotBefore = wait(OPERATOR_MS, `status ${status}`)
    }

    /** Applies the assignment that reached the board. */
    private applyAssignment({ name, by }: { name: string; by: TraceEvent["kind"] }): void {
        const isSame = name === this.hub
        this.knowsHub = true
        this.hub = name
        if (by === "lookup") return
        if (!isSame) this.windowMs = HUB_WINDOW_MIN_MS
        else if (this.lostMs !== undefined) this.windowMs = Math.min(HUB_WINDOW_MAX_MS, 2 * this.windowMs)
        this.isRegistering = false
        this.reprovisionRequested = false
        this.refusals = 0
        this.lostMs = undefined
    }

    private onDpsConnection(kind: TraceEvent["kind"], ms: number): void {
        if (kind === "dial") {
            this.isRefused = false
            this.dpsAskedMs = ms
        }
        if (kind !== "lost") return
        this.pendingNotBefore = undefined
        this.pendingHub = undefined
    }

    private onDpsConnack(ms: number, code: number): void {
        if (code === 3)
            this.pendingNotBefore = { ms: ms + SERVER_ERROR_MS, reason: "CONNACK 3 of DPS", isFault: true }
    }

    private onHubConnack(ms: number, code: number): void {
        const { hubAttempt } = this
        if (!hubAttempt) return
        hubAttempt.connack = code
        hubAttempt.connackMs = ms
        if (code >= 4) {
            this.refusals++
            // After a second refusal, the board tries DPS and the hub in turn with the same token.
            if (this.refusals === 1) this.isRefused = true
        }
        if (code !== 0) return
        this.mooredMs = ms
        this.firstMooredMs ??= ms
        this.endedOnPurpose = false
    }

    private onHubConnection({ ms, kind, service = "" }: TraceEvent): void {
        const { hubAttempt } = this
        if (kind === "dial") this.hubAttempt = { service, dialMs: ms }
        else if (kind === "open" && hubAttempt) hubAttempt.openMs = ms
        else if ((kind === "fail" || kind === "lost" || kind === "hangUp") && hubAttempt && !hubAttempt.endMs)
            this.onHubAttemptEnd(hubAttempt, wasAbandoned(hubAttempt, kind, ms) ? hubAttempt.dialMs : ms)
        if ((kind === "hangUp" || kind === "lost") && this.reprovisionRequested) this.endedOnPurpose = true
    }

    private onHubAttemptEnd(hubAttempt: HubAttempt, ms: number): void {
        hubAttempt.endMs = ms
        const heldMs = this.mooredMs === undefined ? 0 : ms - this.mooredMs
        if (this.mooredMs !== undefined) this.lastMooredMs = ms
        this.mooredMs = undefined
        if (heldMs >= this.stableMs) {
            this.failures = 0
            this.refusals = 0
            this.lostMs = undefined
            this.windowMs = HUB_WINDOW_MIN_MS
        }
        this.failures++
        this.lostMs ??= ms
    }

    /** Whether the latest attempt ended like a server error, or like a hub over its quota (protocol-facts.md, 5.2). */
    get looksLikeServerError(): boolean {
        const { hubAttempt } = this
        if (!hubAttempt?.endMs) return false
        if (hubAttempt.connack === 3) return true
        return (
            hubAttempt.connack === 0 &&
            hubAttempt.endMs - (hubAttempt.connackMs ?? 0) < SERVER_ERROR_SESSION_MS
        )
    }
}
