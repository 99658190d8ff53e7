// One run: a world is let go, watched at every fact, and summed up. A pure function of plan, seed and bytecode.
import { createHash } from "node:crypto"
import type { Cloud } from "@moorage/emulator"
import { buildFirmware } from "@moorage/vm"
import { ThunderingHerdDetector } from "./check/thundering-herd.js"
import { type TraceEvent, traceLine } from "./trace/trace-event.js"
import {
    END_INVARIANTS,
    EVENT_INVARIANTS,
    FLASH_NEED_INVARIANT,
    checkFlashWrite,
    type Invariant,
    MOORED_INVARIANT,
    PROMISED_INVARIANT,
    SPREAD_INVARIANT,
} from "./check/invariants.js"
import { type ImageFleet, fleetSpecOfImages, planForImages } from "./world/image-fleet.js"
import { faultsEndSec, type SimulationPlan, quotasOf } from "./plan/simulation-plan.js"
import type { RunResult, Violation } from "./trace/run-result.js"
import { type Images, fleetSpecOfPlan, type FleetSpec } from "./world/fleet-spec.js"
import { RunTally } from "./trace/run-tally.js"
import { BoardObserver } from "./check/board-observer.js"
import { World } from "./world/world.js"

/** Calls of the clock between two looks at the outside world. */
const CALLS_PER_SLICE = 20_000
const VIOLATIONS_KEPT = 50
const LANES_KEPT = 20
const STABLE_SEC = 120

export interface FleetRunOptions {
    /** Gets every fact, as it happens. */
    onEvent?: (fact: TraceEvent) => void
    /** Called now and then. */
    onProgress?: (elapsedSec: number, moored: number) => void
    /** Lets the outside world in: resolves in a later turn of the event loop. */
    yieldToEventLoop?: () => Promise<void>
    /** Asked after each breath; true ends the run at once, with what there is. */
    isCancelled?: () => boolean
    /** Ends the run at the first violation. */
    stopAtViolation?: boolean
    /** Whether the trace is hashed; on unless false. */
    hash?: boolean
}

/** A fleet that can be watched beyond its run. */
export interface FleetRun {
    /** The plan as it is run. */
    readonly plan: SimulationPlan
    readonly cloud: Cloud
    /** Lets the plan's time pass, once. */
    runToEnd(): Promise<RunResult>
    /** After that: lets so much more time pass. No invariant is checked in it. */
    continueFor(ms: number): void
}

/** The two firmware images, built if need be. */
export async function loadImages(): Promise<Images> {
    const main = await buildFirmware("src/main.ts")
    const tight = await buildFirmware("src/maintight.ts")
    return { main: main.bytecode, maintight: tight.bytecode }
}

class Run implements FleetRun {
    readonly world: World
    private readonly watches = new Map<string, BoardObserver>()
    private readonly tally: RunTally
    private readonly crowds: ThunderingHerdDetector
    private readonly hash = createHash("sha256")
    private readonly violations: Violation[] = []
    private readonly lanes = new Map<string, TraceEvent[]>()
    private violationCount = 0
    private mooredCount = 0
    private isSummedUp = false

    constructor(
        readonly plan: SimulationPlan,
        private readonly seed: number,
        roster: FleetSpec,
        private readonly options: FleetRunOptions
    ) {
        this.tally = new RunTally(plan.durationSec)
        this.crowds = new ThunderingHerdDetector(plan.boards.settings)
        this.world = new World(plan, seed, roster, {
            onEvent: fact => this.fact(fact),
            onBytesReceived: (board, host) => this.watches.get(board)?.onBytesReceived(host),
            onFlashWrite: (board, before, after) => {
                if (this.isSummedUp) return
                const watch = this.watches.get(board)
                const wrong = watch && checkFlashWrite(watch, before, after, this.world.clock.elapsedMs())
                if (wrong) this.violated(FLASH_NEED_INVARIANT, watch, wrong)
            },
        })
        const stableMs = Number(plan.boards.settings.STABLE_SEC ?? STABLE_SEC) * 1000
        for (const { sim } of this.world.boards) this.watches.set(sim.id, new BoardObserver(sim, stableMs))
        this.sampleMoored(0)
        const boundMs = (faultsEndSec(plan) + plan.mooredWithinSec) * 1000
        this.world.clock.after(boundMs, () => this.checkMoored(boundMs))
    }

    get cloud(): Cloud {
        return this.world.cloud
    }

    continueFor(ms: number): void {
        this.world.clock.runTo(this.world.clock.elapsedMs() + ms)
    }

    get isOver(): boolean {
        return this.options.stopAtViolation === true && this.violationCount > 0
    }

    async runToEnd(): Promise<RunResult> {
        const { options, plan, world } = this
        const durationMs = plan.durationSec * 1000
        while (!world.clock.runTo(durationMs, CALLS_PER_SLICE)) {
            options.onProgress?.(world.clock.elapsedMs() / 1000, this.mooredCount)
            await options.yieldToEventLoop?.()
            if (this.isOver || options.isCancelled?.()) return this.result()
        }
        this.checkEnd()
        return this.result()
    }

    private fact(fact: TraceEvent): void {
        if (this.isSummedUp) return
        this.tally.add(fact)
        if (this.options.hash !== false) this.hash.update(traceLine(fact)).update("\n")
        this.options.onEvent?.(fact)
        const watch = this.watches.get(fact.board)
        if (!watch) return
        for (const invariant of EVENT_INVARIANTS) {
            const wrong = invariant.check(fact, watch)
            if (wrong !== undefined) this.violated(invariant, watch, wrong, fact)
        }
        const crowded = this.crowds.add(fact)
        if (crowded !== undefined) this.violated(SPREAD_INVARIANT, watch, crowded, fact)
        const wasMoored = watch.mooredMs !== undefined
        watch.update(fact)
        const isMoored = watch.mooredMs !== undefined
        if (isMoored !== wasMoored) this.mooredCount += isMoored ? 1 : -1
        this.lanes.get(fact.board)?.push(fact)
    }

    private violated(
        { id, sentence }: Invariant,
        watch: BoardObserver,
        what: string,
        now?: TraceEvent
    ): void {
        this.violationCount++
        const board = watch.sim.id
        const ms = Math.round(this.world.clock.elapsedMs())
        if (this.lanes.size < LANES_KEPT && !this.lanes.has(board)) this.lanes.set(board, [...watch.recent])
        if (this.violations.length >= VIOLATIONS_KEPT) return
        const recent = now ? [...watch.recent, now] : [...watch.recent]
        this.violations.push({ invariant: id, sentence, board, ms, what, recent })
    }

    private sampleMoored(bin: number): void {
        const { series } = this.tally
        if (bin >= series.moored.length) return
        this.world.clock.after(series.binSec * 1000, () => {
            series.moored[bin] = this.mooredCount
            this.sampleMoored(bin + 1)
        })
    }

    private checkMoored(boundMs: number): void {
        const sinceMs = faultsEndSec(this.plan) * 1000
        for (const watch of this.watches.values()) {
            const { sim, mooredMs, lastMooredMs = -1, reprovisionAccepted: promised } = watch
            if (promised) this.violated(PROMISED_INVARIANT, watch, "answered 202 and did not register")
            if (!sim.isPowered || sim.isBricked || mooredMs !== undefined || lastMooredMs >= sinceMs) continue
            this.violated(
                MOORED_INVARIANT,
                watch,
                `not moored ${(boundMs - sinceMs) / 1000} s after the last fault`
            )
        }
    }

    private checkEnd(): void {
        const { world } = this
        for (const watch of this.watches.values()) {
            const { sim, mooredMs } = watch
            if (!sim.isPowered || sim.isBricked) continue
            const end = {
                assignedHub: world.assignedHub(sim.id),
                sessions: world.sessionsOf(sim.id),
                flashRecord: sim.flashRecord(),
                heldMs: mooredMs === undefined ? 0 : world.clock.elapsedMs() - mooredMs,
            }
            for (const invariant of END_INVARIANTS) {
                const wrong = invariant.check(end, watch)
                if (wrong !== undefined) this.violated(invariant, watch, wrong)
            }
        }
    }

    private result(): RunResult {
        this.isSummedUp = true
        const { plan, seed, world, tally } = this
        const watches = [...this.watches.values()]
        const hubs: Record<string, number> = Object.fromEntries(world.cloud.hubNames().map(name => [name, 0]))
        for (const { mooredMs, hubAttempt: hubTry } of watches)
            if (mooredMs !== undefined && hubTry) hubs[hubTry.service] = (hubs[hubTry.service] ?? 0) + 1
        const { dpsRegistrations } = quotasOf(plan)
        return {
            plan: plan.name,
            about: plan.about,
            seed,
            boards: watches.length,
            durationSec: world.clock.elapsedMs() / 1000,
            moored: this.mooredCount,
            bricked: watches.filter(({ sim }) => sim.isBricked).length,
            totals: tally.totals,
            series: tally.series,
            quotaPerSec: dpsRegistrations ? dpsRegistrations.calls / dpsRegistrations.perSec : null,
            mooredAfterSec: watches
                .filter(watch => watch.firstMooredMs !== undefined)
                .map(watch => ((watch.firstMooredMs ?? 0) - (watch.firstPowerMs ?? 0)) / 1000)
                .sort((a, b) => a - b),
            hubs,
            retries: tally.retries(watches.length),
            violations: this.violations,
            violationCount: this.violationCount,
            lanes: [...this.lanes].map(([board, facts]) => ({ board, facts })),
            traceHash: this.hash.digest("hex"),
        }
    }
}

/** A run of a plan's own boards. */
export function openRun(
    plan: SimulationPlan,
    seed: number,
    images: Images,
    options: FleetRunOptions = {}
): FleetRun {
    return new Run(plan, seed, fleetSpecOfPlan(plan, seed, images), options)
}

/** A run of boards that were made already, in place of the plan's own. */
export function openRunFromImages(
    plan: SimulationPlan,
    seed: number,
    fleet: ImageFleet,
    options: FleetRunOptions = {}
): FleetRun {
    return new Run(planForImages(plan, fleet), seed, fleetSpecOfImages(fleet), options)
}

/** Runs a plan with a seed. */
export function runPlan(
    plan: SimulationPlan,
    seed: number,
    images: Images,
    options: FleetRunOptions = {}
): Promise<RunResult> {
    return openRun(plan, seed, images, options).runToEnd()
}
