// Checks a run against all invariants and keeps the first violations.
import { StableSec } from "@moorage/device/shared"
import type { TraceEvent } from "../trace/trace-event.js"
import type { Violation } from "../trace/run-result.js"
import type { World } from "../world/world.js"
import { BoardObserver } from "./board-observer.js"
import { AGREE_INVARIANT, checkEndState, MOORED_INVARIANT, PROMISED_INVARIANT } from "./end-invariants.js"
import { checkFlashWrite, FLASH_NEED_INVARIANT, type FlashWrite } from "./flash-invariant.js"
import type { Invariant } from "./invariant.js"
import { EVENT_INVARIANTS } from "./invariants.js"
import { SPREAD_INVARIANT, ThunderingHerdDetector } from "./thundering-herd.js"

const VIOLATIONS_KEPT = 50
const TIMELINES_KEPT = 20

/** A violation is kept with the trace events that led to it. */
interface Finding {
    invariant: Invariant
    observer: BoardObserver
    what: string
    /** The event that broke the invariant. The observer has not seen it yet. */
    event?: TraceEvent
}

/** Checks the events and the end of one run against all invariants. */
export class RunChecker {
    readonly violations: Violation[] = []
    violationCount = 0
    /** Boards that are moored now. */
    mooredCount = 0
    /** Trace events of each board with a violation. */
    readonly timelines = new Map<string, TraceEvent[]>()
    readonly observers = new Map<string, BoardObserver>()
    private readonly herds: ThunderingHerdDetector

    /** @param settings the firmware's settings of the fleet */
    constructor(
        private readonly world: World,
        settings: Record<string, unknown>
    ) {
        this.herds = new ThunderingHerdDetector(settings)
        const stableMs = Number(settings.STABLE_SEC ?? StableSec.Default) * 1000
        for (const { sim } of world.boards) this.observers.set(sim.id, new BoardObserver(sim, stableMs))
    }

    /** Checks an event, then passes it to the observer of its board. */
    onEvent(event: TraceEvent): void {
        const observer = this.observers.get(event.board)
        if (!observer) return
        for (const invariant of EVENT_INVARIANTS) {
            const what = invariant.check(event, observer)
            if (what !== undefined) this.add({ invariant, observer, what, event })
        }
        const herd = this.herds.onEvent(event)
        if (herd !== undefined) this.add({ invariant: SPREAD_INVARIANT, observer, what: herd, event })
        const wasMoored = observer.mooredMs !== undefined
        observer.update(event)
        const isMoored = observer.mooredMs !== undefined
        if (isMoored !== wasMoored) this.mooredCount += isMoored ? 1 : -1
        this.timelines.get(event.board)?.push(event)
    }

    /** Records that bytes from `host` have reached the board. */
    onBytesReceived(board: string, host: string): void {
        this.observers.get(board)?.onBytesReceived(host)
    }

    /** Checks a write to the flash of a board. */
    onFlashWrite(board: string, write: FlashWrite): void {
        const observer = this.observers.get(board)
        if (!observer) return
        const what = checkFlashWrite(observer, write)
        if (what !== undefined) this.add({ invariant: FLASH_NEED_INVARIANT, observer, what })
    }

    /**
     * Checks that every board has followed a request to reprovision, and was moored between two times.
     * @param sinceMs the end of the last fault
     * @param untilMs the end of the time limit, which is now
     */
    checkMoored(sinceMs: number, untilMs: number): void {
        for (const observer of this.observers.values()) {
            const { sim, mooredMs, lastMooredMs, reprovisionAccepted } = observer
            if (reprovisionAccepted)
                this.add({
                    invariant: PROMISED_INVARIANT,
                    observer,
                    what: "answered 202 and did not register",
                })
            const wasMoored =
                mooredMs !== undefined || (lastMooredMs !== undefined && lastMooredMs >= sinceMs)
            if (!sim.isPowered || sim.isBricked || wasMoored) continue
            const what = `not moored ${(untilMs - sinceMs) / 1000} s after the last fault`
            this.add({ invariant: MOORED_INVARIANT, observer, what })
        }
    }

    /** Compares cloud and boards at the end of the run. */
    checkEnd(): void {
        const { world } = this
        for (const observer of this.observers.values()) {
            const { sim, mooredMs } = observer
            if (!sim.isPowered || sim.isBricked) continue
            const end = {
                assignedHub: world.assignedHub(sim.id),
                sessions: world.sessionsOf(sim.id),
                flashRecord: sim.flashRecord(),
                heldMs: mooredMs === undefined ? 0 : world.clock.elapsedMs() - mooredMs,
            }
            const what = checkEndState(end, observer)
            if (what !== undefined) this.add({ invariant: AGREE_INVARIANT, observer, what })
        }
    }

    private add({ invariant: { id, sentence }, observer, what, event }: Finding): void {
        this.violationCount++
        const board = observer.sim.id
        const ms = Math.round(this.world.clock.elapsedMs())
        if (this.timelines.size < TIMELINES_KEPT && !this.timelines.has(board))
            this.timelines.set(board, [...observer.recent])
        if (this.violations.length >= VIOLATIONS_KEPT) return
        const recent = event ? [...observer.recent, event] : [...observer.recent]
        this.violations.push({ invariant: id, sentence, board, ms, what, recent })
    }
}
