// What an observer knows of one board: gathered fact by fact, from its network, its power and the cloud's answers.
// Nothing here looks into the firmware; its console counts for one thing, a renewal of the token.
import type { Fact } from "../trace/facts.js"
import { DEVICE_HOST } from "@moorage/emulator"
import type { SimulatedBoard } from "../world/simulated-board.js"

/** Facts of a board that are kept for whoever asks what led to a violation. */
const RECENT_MAX = 50
/** A session lost sooner than this was never granted: a hub over quota accepts and then closes. */
const GRANTED_MS = 5_000
/** A board that hangs up so soon after a connection opened had given it up before: its socket worker was still dialling. */
const GIVEN_UP_MS = 50

/** The seed's least; the firmware's own window is twice as long. */
const HUB_WINDOW_MS = 15 * 60_000
/** What it doubles up to, while DPS hands back the same dead hub (ARCHITECTURE: the firmware's up to 4 h). */
const HUB_WINDOW_MAX_MS = 2 * 3600_000

/** The board's latest try at a hub, in this boot. */
export interface HubTry {
    service: string
    dialMs: number
    openMs?: number
    /** When it failed, or the session ended; undefined while it lasts. */
    endMs?: number
    connack?: number
    connackMs?: number
}

/** When DPS may be asked again, and why not sooner. */
interface NotBefore {
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
function wasGivenUp({ openMs, connack }: HubTry, kind: Fact["kind"], ms: number): boolean {
    return kind === "hangUp" && openMs !== undefined && connack === undefined && ms - openMs < GIVEN_UP_MS
}

export class BoardWatch {
    readonly recent: Fact[] = []
    /** Hubs that DPS ever named to it. */
    readonly hubs = new Set<string>()
    /** When it was powered on or reset last. */
    bootMs = 0
    /** Since the last boot: whether flash had a record. */
    hasRecord = false
    /** The same, or DPS named a hub. */
    knowsHub = false
    /** Since the last boot: whether DPS answered a status lookup, other than with a fault that passes. */
    lookedUp = false
    hubTry: HubTry | undefined
    /** Whether the last session ended because the board wanted it so: a new token, a new assignment. */
    endedAtWill = false
    /** Tries at the hub that failed since the last stable session. */
    failures = 0
    /** CONNACK 4 or 5 of a hub since the last stable session, or registration. */
    refusals = 0
    /** When the hub was lost: the first failure since the last stable session, or registration. */
    lostMs: number | undefined
    /** How long a hub that was lost is tried at least before DPS is asked. */
    windowMs = HUB_WINDOW_MS
    /** A hub refused the board, which has not turned to DPS since. */
    refused = false
    /** A new assignment was asked for, by whatever way. */
    asked = false
    /** The board said 202 to that, and has not registered since. */
    promised = false
    /** A registration has begun and not ended. */
    registering = false
    notBefore: NotBefore | undefined
    /** When the hub accepted the session that is open now. */
    mooredMs: number | undefined
    /** When the board was moored last. */
    lastMooredMs: number | undefined
    /** When it was moored for the first time. */
    firstMooredMs: number | undefined
    firstPowerMs: number | undefined
    /** What DPS said and has not reached the board. */
    private unheard: NotBefore | undefined
    /** The hub of the record, or that DPS named last; and one that DPS named and the board has not heard. */
    private hub: string | undefined
    private unheardHub: { name: string; by: Fact["kind"] } | undefined

    constructor(
        readonly sim: SimulatedBoard,
        /** A session that has held this long is stable. */
        readonly stableMs: number
    ) {}

    /** Takes the fact in; invariants have seen it before, with what was known until then. */
    update(fact: Fact): void {
        this.recent.push(fact)
        if (this.recent.length > RECENT_MAX) this.recent.shift()
        const { ms, kind, service, status } = fact
        if (kind === "power" && fact.detail === "on") this.firstPowerMs ??= ms
        if (kind === "power" || kind === "reset" || kind === "panic") this.boot(ms)
        else if (kind === "start") this.started()
        else if (REQUESTS.includes(kind)) this.answered(fact)
        else if (kind === "methodResponse" && status === 202) this.asked = this.promised = true
        else if (kind === "event" && fact.detail?.startsWith("reprovision")) this.asked = true
        else if (kind === "log" && fact.detail === "token renewal") this.endedAtWill = true
        else if (kind === "connack" && service === "dps") this.dpsConnack(ms, status ?? 0)
        else if (kind === "connack") this.hubConnack(ms, status ?? 0)
        else if (service === DEVICE_HOST) this.dpsLink(kind)
        else if (service !== undefined) this.hubLink(fact)
    }

    /** Bytes from DPS have reached the board: it knows what was said. */
    heard(service: string): void {
        if (service !== DEVICE_HOST) return
        if (this.unheard) this.notBefore = this.unheard
        this.unheard = undefined
        if (this.unheardHub) this.named(this.unheardHub)
        this.unheardHub = undefined
    }

    private started(): void {
        const { assignment } = this.sim.kept()
        this.hub = assignment?.hub
        this.hasRecord = this.hub !== undefined
        this.knowsHub = this.hasRecord
    }

    private boot(ms: number): void {
        if (this.mooredMs !== undefined) this.lastMooredMs = ms
        this.mooredMs = undefined
        this.hubTry = undefined
        this.endedAtWill = false
        this.failures = 0
        this.refusals = 0
        this.lostMs = undefined
        this.registering = false
        this.notBefore = undefined
        this.unheard = undefined
        this.unheardHub = undefined
        this.bootMs = ms
        this.windowMs = HUB_WINDOW_MS
        this.refused = false
        this.promised = false
        this.hasRecord = false
        this.knowsHub = false
        this.lookedUp = false
    }

    private answered({ ms, kind, status = 0, retryAfterSec = 0, detail }: Fact): void {
        if (kind === "register") {
            this.registering = true
            this.promised = false
        }
        const isTransient = status >= 500 || status === 429 || status === 401 || status === 403
        if (kind === "lookup" && !isTransient) this.lookedUp = true
        if (status === 200 && detail !== undefined) {
            this.hubs.add(detail)
            this.unheardHub = { name: detail, by: kind }
        }
        const said = (waitMs: number, why: string) => ({ ms: ms + waitMs, why, isFault: status !== 202 })
        if (retryAfterSec > 0) this.unheard = said(retryAfterSec * 1000, `retry-after ${retryAfterSec} s`)
        else if (status >= 500) this.unheard = said(SERVER_ERROR_MS, `status ${status}`)
        else if (status === 429) this.unheard = said(THROTTLED_MS, "status 429")
        else if (status === 200 && detail === undefined && kind !== "lookup")
            this.unheard = said(OPERATOR_MS, "failed or disabled")
        else if (status >= 400 && status !== 404 && !isTransient)
            this.unheard = said(OPERATOR_MS, `status ${status}`)
    }

    /** The board has heard which hub is its own. */
    private named({ name, by }: { name: string; by: Fact["kind"] }): void {
        const isSame = name === this.hub
        this.knowsHub = true
        this.hub = name
        if (by === "lookup") return
        if (!isSame) this.windowMs = HUB_WINDOW_MS
        else if (this.lostMs !== undefined) this.windowMs = Math.min(HUB_WINDOW_MAX_MS, 2 * this.windowMs)
        this.registering = false
        this.asked = false
        this.refusals = 0
        this.lostMs = undefined
    }

    private dpsLink(kind: Fact["kind"]): void {
        if (kind === "dial") this.refused = false
        if (kind !== "lost") return
        this.unheard = undefined
        this.unheardHub = undefined
    }

    private dpsConnack(ms: number, code: number): void {
        if (code === 3) this.unheard = { ms: ms + SERVER_ERROR_MS, why: "CONNACK 3 of DPS", isFault: true }
    }

    private hubConnack(ms: number, code: number): void {
        const { hubTry } = this
        if (!hubTry) return
        hubTry.connack = code
        hubTry.connackMs = ms
        if (code >= 4) {
            this.refusals++
            this.refused = true
        }
        if (code !== 0) return
        this.mooredMs = ms
        this.firstMooredMs ??= ms
        this.endedAtWill = false
    }

    private hubLink({ ms, kind, service = "" }: Fact): void {
        const { hubTry } = this
        if (kind === "dial") this.hubTry = { service, dialMs: ms }
        else if (kind === "open" && hubTry) hubTry.openMs = ms
        else if ((kind === "fail" || kind === "lost" || kind === "hangUp") && hubTry && !hubTry.endMs)
            this.hubEnded(hubTry, wasGivenUp(hubTry, kind, ms) ? hubTry.dialMs : ms)
        if ((kind === "hangUp" || kind === "lost") && this.asked) this.endedAtWill = true
    }

    private hubEnded(hubTry: HubTry, ms: number): void {
        hubTry.endMs = ms
        const heldMs = this.mooredMs === undefined ? 0 : ms - this.mooredMs
        if (this.mooredMs !== undefined) this.lastMooredMs = ms
        this.mooredMs = undefined
        if (heldMs >= this.stableMs) {
            this.failures = 0
            this.refusals = 0
            this.lostMs = undefined
            this.windowMs = HUB_WINDOW_MS
        }
        this.failures++
        this.lostMs ??= ms
    }

    /** Whether the latest try ended as a server error or a hub over quota shows over MQTT. */
    get lookedLikeServerError(): boolean {
        const { hubTry } = this
        if (!hubTry?.endMs) return false
        if (hubTry.connack === 3) return true
        return hubTry.connack === 0 && hubTry.endMs - (hubTry.connackMs ?? 0) < GRANTED_MS
    }
}
