// One run: runs a world in virtual time, checks it at every event, and returns the result. A run is a pure function of
// plan, seed and bytecode.
import { createHash } from "node:crypto"
import type { Cloud } from "@moorage/emulator"
import { buildFirmware } from "@moorage/vm"
import { RunChecker } from "./check/run-checker.js"
import { faultsEndSec, quotasOf, type SimulationPlan } from "./plan/simulation-plan.js"
import type { RunResult } from "./trace/run-result.js"
import { RunTally } from "./trace/run-tally.js"
import { type TraceEvent, traceLine } from "./trace/trace-event.js"
import { fleetSpecOfPlan, type Images } from "./world/fleet-spec.js"
import { fleetSpecOfImages, type ImageFleet, planForImages } from "./world/image-fleet.js"
import { World, type WorldInput } from "./world/world.js"

/** Calls of the virtual clock between two calls of `yieldToEventLoop`. */
const CALLS_PER_SLICE = 20_000

export interface FleetRunOptions {
    /** Called at every trace event. */
    onEvent?: (event: TraceEvent) => void
    /** Called after each slice of the run. */
    onProgress?: (elapsedSec: number, moored: number) => void
    /** Called after each slice; resolves in a later turn of the event loop, so that timers and signals are handled. */
    yieldToEventLoop?: () => Promise<void>
    /** Called after each slice; true ends the run immediately. The result then covers the time until now. */
    isCancelled?: () => boolean
    /** Whether to hash the trace (default: true). */
    hashTrace?: boolean
}

/** A fleet that can continue after the end of its run. */
export interface FleetRun {
    /** The plan as it is run. */
    readonly plan: SimulationPlan
    readonly cloud: Cloud
    /** Runs to the end of the plan, once. Returns the result. */
    runToEnd(): Promise<RunResult>
    /** Continues for `ms` of virtual time after the end. No invariant is checked in this time. */
    continueFor(ms: number): void
}

/** Returns the two firmware images. Builds them if the sources have changed. */
export async function loadImages(): Promise<Images> {
    const main = await buildFirmware("src/main.ts")
    const tight = await buildFirmware("src/maintight.ts")
    return { main: main.bytecode, maintight: tight.bytecode }
}

/** A run with the boards of a plan. */
export interface PlanRun {
    plan: SimulationPlan
    seed: number
    images: Images
}

/** A run with the boards of flash images instead of the plan's boards. */
export interface ImageRun {
    plan: SimulationPlan
    seed: number
    fleet: ImageFleet
}

class CheckedRun implements FleetRun {
    readonly plan: SimulationPlan
    private readonly seed: number
    private readonly world: World
    private readonly checker: RunChecker
    private readonly tally: RunTally
    private readonly hash = createHash("sha256")
    private hasResult = false

    constructor(
        { plan, seed, fleetSpec }: WorldInput,
        private readonly options: FleetRunOptions
    ) {
        this.plan = plan
        this.seed = seed
        this.tally = new RunTally(plan.durationSec)
        this.world = new World(
            { plan, seed, fleetSpec },
            {
                onEvent: event => this.onEvent(event),
                onBytesReceived: (board, host) => this.checker.onBytesReceived(board, host),
                onFlashWrite: (board, before, after) => {
                    if (this.hasResult) return
                    this.checker.onFlashWrite(board, { before, after, ms: this.world.clock.elapsedMs() })
                },
            }
        )
        this.checker = new RunChecker(this.world, plan.boards.settings)
        this.sampleMoored(0)
        const sinceMs = faultsEndSec(plan) * 1000
        const untilMs = (faultsEndSec(plan) + plan.mooredWithinSec) * 1000
        this.world.clock.after(untilMs, () => this.checker.checkMoored(sinceMs, untilMs))
    }

    get cloud(): Cloud {
        return this.world.cloud
    }

    continueFor(ms: number): void {
        this.world.clock.runTo(this.world.clock.elapsedMs() + ms)
    }

    async runToEnd(): Promise<RunResult> {
        const { options, plan, world, checker } = this
        const durationMs = plan.durationSec * 1000
        while (!world.clock.runTo(durationMs, CALLS_PER_SLICE)) {
            options.onProgress?.(world.clock.elapsedMs() / 1000, checker.mooredCount)
            await options.yieldToEventLoop?.()
            if (options.isCancelled?.()) return this.result()
        }
        checker.checkEnd()
        return this.result()
    }

    private onEvent(event: TraceEvent): void {
        if (this.hasResult) return
        this.tally.add(event)
        if (this.options.hashTrace !== false) this.hash.update(traceLine(event)).update("\n")
        this.options.onEvent?.(event)
        this.checker.onEvent(event)
    }

    /** Writes the number of moored boards at the end of each bin. */
    private sampleMoored(bin: number): void {
        const { series } = this.tally
        if (bin >= series.moored.length) return
        this.world.clock.after(series.binSec * 1000, () => {
            series.moored[bin] = this.checker.mooredCount
            this.sampleMoored(bin + 1)
        })
    }

    /** Returns the moored boards of each hub. */
    private hubCounts(): Record<string, number> {
        const counts: Record<string, number> = Object.fromEntries(
            this.world.cloud.hubNames().map(name => [name, 0])
        )
        for (const { mooredMs, hubAttempt } of this.checker.observers.values())
            if (mooredMs !== undefined && hubAttempt)
                counts[hubAttempt.service] = (counts[hubAttempt.service] ?? 0) + 1
        return counts
    }

    private result(): RunResult {
        this.hasResult = true
        const { plan, seed, world, tally, checker } = this
        const observers = [...checker.observers.values()]
        const { dpsRegistrations } = quotasOf(plan)
        return {
            plan: plan.name,
            about: plan.about,
            seed,
            boards: observers.length,
            durationSec: world.clock.elapsedMs() / 1000,
            moored: checker.mooredCount,
            bricked: observers.filter(({ sim }) => sim.isBricked).length,
            totals: tally.totals,
            series: tally.series,
            quotaPerSec: dpsRegistrations ? dpsRegistrations.calls / dpsRegistrations.perSec : null,
            mooredAfterSec: observers
                .filter(({ firstMooredMs }) => firstMooredMs !== undefined)
                .map(({ firstMooredMs = 0, firstPowerMs = 0 }) => (firstMooredMs - firstPowerMs) / 1000)
                .sort((a, b) => a - b),
            hubs: this.hubCounts(),
            retries: tally.retries(observers.length),
            violations: checker.violations,
            violationCount: checker.violationCount,
            timelines: [...checker.timelines].map(([board, events]) => ({ board, events })),
            traceHash: this.hash.digest("hex"),
        }
    }
}

/** Opens a run with the boards of a plan. */
export function openRun({ plan, seed, images }: PlanRun, options: FleetRunOptions = {}): FleetRun {
    return new CheckedRun({ plan, seed, fleetSpec: fleetSpecOfPlan(plan, seed, images) }, options)
}

/** Opens a run with the boards of flash images instead of the plan's boards. */
export function openRunFromImages({ plan, seed, fleet }: ImageRun, options: FleetRunOptions = {}): FleetRun {
    return new CheckedRun(
        { plan: planForImages(plan, fleet), seed, fleetSpec: fleetSpecOfImages(fleet) },
        options
    )
}

/** Runs a plan with a seed. Returns the result. */
export function runPlan(run: PlanRun, options: FleetRunOptions = {}): Promise<RunResult> {
    return openRun(run, options).runToEnd()
}
