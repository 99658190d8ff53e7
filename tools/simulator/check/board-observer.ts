// What an observer knows of one board: gathered fact by fact, from its network, its power and the cloud's answers.
// Nothing here looks into the firmware; its console counts for one thing, a renewal of the token.
import type { TraceEvent } from "../trace/trace-event.js"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import type { SimulatedBoard } from "../world/simulated-board.js"

/** Facts of a board that are kept for whoever asks what led to a violation. */
const RECENT_MAX = 50
/** A session lost sooner than this was never granted: a hub over quota accepts and then closes. */
const GRANTED_MS = 5_000
/** A board that hangs up so soon after a connection opened had given it up before: its socket worker was still dialling. */
const GIVEN_UP_MS = 50

/** The seed's least; the firmware's own window is twice as long. */
const HUB_WINDOW_MIN_MS = 15 * 60_000
/** What it doubles up to, while DPS hands back the same dead hub (ARCHITECTURE: the firmware's up to 4 h). */
const HUB_WINDOW_MAX_MS = 2 * 3600_000

/** The board's latest try at a hub, in this boot. */
export interface HubAttempt {
    service: string
    dialMs: number
    openMs?: number
    /** When it failed, or the session ended; undefined while it lasts. */
    endMs?: number
    connack?: number
    connackMs?: number
}

/** When DPS may be asked again, and why not sooner. */
interface DpsWait {
    ms: number
    why: string
    /** Whether not even a connection may be made: what was said is a fault, and not an answer to be polled for. */
    isFault: boolean
}

/** DPS waits: after a server error, after 429 without retry-after, after `failed`, `disabled` (seed; policy table). */
const SERVER_ERROR_MS = 5_000
const THROTTLED_MS = 1_000
const OPERATOR_MS = 10 * 60_000

const REQUESTS = ["register", "poll", "lookup"]

/** Whether what ends now ended for the board at a moment that only itself knows, after its dialling. */
function wasGivenUp({ openMs, connack }: HubAttempt, kind: TraceEvent["kind"], ms: number): boolean {
    return kind === "hangUp" && openMs !== undefined && connack === undefined && ms - openMs < GIVEN_UP_MS
}

export class BoardObserver {
    readonly recent: TraceEvent[] = []
    /** Hubs that DPS ever named to it. */
    readonly hubs = new Set<string>()
    /** When it was powered on or reset last. */
    bootMs = 0
    /** Since the last boot: whether flash had a record. */
    hasRecord = false
    /** The same, or DPS named a hub. */
    knowsHub = false
    /** Since the last boot: whether DPS answered a status lookup, other than with a fault that passes. */
    hasLookedUp = false
    hubAttempt: HubAttempt | undefined
    /** Whether the last session ended because the board wanted it so: a new token, a new assignment. */
    endedOnPurpose = false
    /** Tries at the hub that failed since the last stable session. */
    failures = 0
    /** CONNACK 4 or 5 of a hub since the last stable session, or registration. */
    refusals = 0
    /** When the hub was lost: the first failure since the last stable session, or registration. */
    lostMs: number | undefined
    /** How long a hub that was lost is tried at least before DPS is asked. */
    windowMs = HUB_WINDOW_MIN_MS
    /** A hub refused the board, which has not turned to DPS since. */
    isRefused = false
    /** A new assignment was asked for, by whatever way. */
    reprovisionRequested = false
    /** The board said 202 to that, and has not registered since. */
    reprovisionAccepted = false
    /** A registration has begun and not ended. */
    isRegistering = false
    notBefore: DpsWait | undefined
    /** When the hub accepted the session that is open now. */
    mooredMs: number | undefined
    /** When the board was moored last. */
    lastMooredMs: number | undefined
    /** When it was moored for the first time. */
    firstMooredMs: number | undefined
    firstPowerMs: number | undefined
    /** What DPS said and has not reached the board. */
    private pendingNotBefore: DpsWait | undefined
    /** The hub of the record, or that DPS named last; and one that DPS named and the board has not heard. */
    private hub: string | undefined
    private pendingHub: { name: string; by: TraceEvent["kind"] } | undefined

    constructor(
        readonly sim: SimulatedBoard,
        /** A session that has held this long is stable. */
        readonly stableMs: number
    ) {}

    /** Takes the fact in; invariants have seen it before, with what was known until then. */
    update(fact: TraceEvent): void {
        this.recent.push(fact)
        if (this.recent.length > RECENT_MAX) this.recent.shift()
        const { ms, kind, service, status } = fact
        if (kind === "power" && fact.detail === "on") this.firstPowerMs ??= ms
        if (kind === "power" || kind === "reset" || kind === "panic") this.onBoot(ms)
        else if (kind === "start") this.onProgramStart()
        else if (REQUESTS.includes(kind)) this.onDpsAnswer(fact)
        else if (kind === "methodResponse" && status === 202)
            this.reprovisionRequested = this.reprovisionAccepted = true
        else if (kind === "event" && fact.detail?.startsWith("reprovision")) this.reprovisionRequested = true
        else if (kind === "log" && fact.detail === "token renewal") this.endedOnPurpose = true
        else if (kind === "connack" && service === "dps") this.onDpsConnack(ms, status ?? 0)
        else if (kind === "connack") this.onHubConnack(ms, status ?? 0)
        else if (service === GLOBAL_DEVICE_ENDPOINT) this.onDpsConnection(kind)
        else if (service !== undefined) this.onHubConnection(fact)
    }

    /** Bytes from DPS have reached the board: it knows what was said. */
    onBytesReceived(service: string): void {
        if (service !== GLOBAL_DEVICE_ENDPOINT) return
        if (this.pendingNotBefore) this.notBefore = this.pendingNotBefore
        this.pendingNotBefore = undefined
        if (this.pendingHub) this.applyAssignment(this.pendingHub)
        this.pendingHub = undefined
    }

    private onProgramStart(): void {
        const { assignment } = this.sim.flashRecord()
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
        this.knowsHub = false
        this.hasLookedUp = false
    }

    private onDpsAnswer({ ms, kind, status = 0, retryAfterSec = 0, detail }: TraceEvent): void {
        if (kind === "register") {
            this.isRegistering = true
            this.reprovisionAccepted = false
        }
        const isTransient = status >= 500 || status === 429 || status === 401 || status === 403
        if (kind === "lookup" && !isTransient) this.hasLookedUp = true
        if (status === 200 && detail !== undefined) {
            this.hubs.add(detail)
            this.pendingHub = { name: detail, by: kind }
        }
        const said = (waitMs: number, why: string) => ({ ms: ms + waitMs, why, isFault: status !== 202 })
        if (retryAfterSec > 0)
            this.pendingNotBefore = said(retryAfterSec * 1000, `retry-after ${retryAfterSec} s`)
        else if (status >= 500) this.pendingNotBefore = said(SERVER_ERROR_MS, `status ${status}`)
        else if (status === 429) this.pendingNotBefore = said(THROTTLED_MS, "status 429")
        else if (status === 200 && detail === undefined && kind !== "lookup")
            this.pendingNotBefore = said(OPERATOR_MS, "failed or disabled")
        else if (status >= 400 && status !== 404 && !isTransient)
            this.pendingNotBefore = said(OPERATOR_MS, `status ${status}`)
    }

    /** The board has heard which hub is its own. */
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

    private onDpsConnection(kind: TraceEvent["kind"]): void {
        if (kind === "dial") this.isRefused = false
        if (kind !== "lost") return
        this.pendingNotBefore = undefined
        this.pendingHub = undefined
    }

    private onDpsConnack(ms: number, code: number): void {
        if (code === 3)
            this.pendingNotBefore = { ms: ms + SERVER_ERROR_MS, why: "CONNACK 3 of DPS", isFault: true }
    }

    private onHubConnack(ms: number, code: number): void {
        const { hubAttempt: hubTry } = this
        if (!hubTry) return
        hubTry.connack = code
        hubTry.connackMs = ms
        if (code >= 4) {
            this.refusals++
            this.isRefused = true
        }
        if (code !== 0) return
        this.mooredMs = ms
        this.firstMooredMs ??= ms
        this.endedOnPurpose = false
    }

    private onHubConnection({ ms, kind, service = "" }: TraceEvent): void {
        const { hubAttempt: hubTry } = this
        if (kind === "dial") this.hubAttempt = { service, dialMs: ms }
        else if (kind === "open" && hubTry) hubTry.openMs = ms
        else if ((kind === "fail" || kind === "lost" || kind === "hangUp") && hubTry && !hubTry.endMs)
            this.onHubAttemptEnd(hubTry, wasGivenUp(hubTry, kind, ms) ? hubTry.dialMs : ms)
        if ((kind === "hangUp" || kind === "lost") && this.reprovisionRequested) this.endedOnPurpose = true
    }

    private onHubAttemptEnd(hubTry: HubAttempt, ms: number): void {
        hubTry.endMs = ms
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

    /** Whether the latest try ended as a server error or a hub over quota shows over MQTT. */
    get looksLikeServerError(): boolean {
        const { hubAttempt: hubTry } = this
        if (!hubTry?.endMs) return false
        if (hubTry.connack === 3) return true
        return hubTry.connack === 0 && hubTry.endMs - (hubTry.connackMs ?? 0) < GRANTED_MS
    }
}
