// A fleet without the VM: the decisions of devs/retry, the throttles of the emulator, and the time that steps take.
//
//   (slot) -- lookup -- register -- polls -- connect -- moored       after a 429 or a closed CONNECT: wait, again
import { FaultKind } from "@moorage/device/shared"
import { slotMs } from "@moorage/device/shared"
import { AgentEvent, type AgentState, newAgentState, next, AgentPhase } from "@moorage/device/shared"
import { DpsThrottle, HubThrottle, type Quotas, type Rate } from "@moorage/emulator"
import { VirtualClock } from "../world/virtual-clock.js"
import { randomStream } from "../world/random-streams.js"
import { type Cohort, Cohorts, CohortStep } from "./cohorts.js"
import { type FleetCurve, Recorder } from "./fleet-curve.js"
import { Dice } from "./dice.js"
import { type Latencies, Spans } from "./latencies.js"
import type { SlotPlan } from "./slot-plan.js"
import type { Strategy } from "./retry-strategies.js"

/** A fleet, its cloud, and how it waits. */
export interface FleetOptions {
    devices: number
    seed: number
    strategy: Strategy
    /** First boots in slots; unless given all at once. */
    slots?: SlotPlan
    /** Over how long boards are powered on, evenly and in no order. */
    powerOnSec: number
    quotas: Quotas
    /** How many, each with the quota of one; boards are shared out evenly. */
    hubs: number
    /** Whether a 429 says when to come again. */
    saysRetryAfter: boolean
    /** What DPS asks a board to wait between polls. */
    pollSec: number
    /** How long DPS takes to assign. */
    assigningMs: number
    latencies: Latencies
    /** Length of a bin of the curve. */
    binSec: number
    /** The run ends here, whoever is not moored. */
    horizonSec: number
}

/** One run of the model: boards are told apart only by what they are about to do, and when. */
export class Fleet {
    private readonly clock = new VirtualClock()
    private readonly cohorts = new Cohorts(this.clock, cohort => this.arrive(cohort))
    private readonly dps: DpsThrottle
    private readonly hubs: HubThrottle[]
    private readonly dice: Dice
    private readonly spans: Spans
    private readonly recorder: Recorder
    private nextHub = 0

    /** @throws RangeError for polls that DPS would throttle: the model has none of those */
    constructor(private readonly options: FleetOptions) {
        const { quotas, devices, seed } = options
        this.dps = new DpsThrottle(quotas, this.clock)
        this.hubs = Array.from({ length: options.hubs }, () => new HubThrottle(quotas, this.clock))
        this.dice = new Dice(randomStream(seed, "model"))
        this.spans = new Spans(options.latencies)
        this.recorder = new Recorder(devices, options.binSec)
        const polls = quotas.dpsPollsPerDevice
        if (polls && this.pollMs < (1000 * polls.perSec) / polls.calls)
            throw new RangeError(`a poll each ${this.pollMs} ms is more than DPS takes from one board`)
    }

    /** Boards that DPS has never seen. */
    rollOut(): FleetCurve {
        const { devices, quotas, slots } = this.options
        this.openSlot(0, slots ?? { boardsPerSlot: devices, slotSec: 0 })
        return this.run(leastSec(devices, quotas.dpsRegistrations))
    }

    /** Boards with a valid record, all of them booting. */
    reboot(): FleetCurve {
        const { devices, quotas } = this.options
        const life = next(newAgentState(), AgentEvent.Known, 0, 1, 0, 0)
        this.hubs.forEach((_, hub) => {
            const boards = Math.floor((devices + hub) / this.hubs.length)
            this.dice.each(
                boards,
                chance => this.poweredMs(chance) + this.spans.bootMs,
                (delayMs, alike) =>
                    this.go(delayMs, { step: CohortStep.Connect, boards: alike, life, knowsTime: false, hub })
            )
        })
        return this.run(leastSec(devices, quotas.hubConnects) / this.hubs.length)
    }

    private run(limitSec: number): FleetCurve {
        this.clock.runTo(this.options.horizonSec * 1000)
        return this.recorder.curve(limitSec)
    }

    /** Boards of a slot come up when it begins; so only those of one slot are waited for at a time. */
    private openSlot(slot: number, plan: SlotPlan): void {
        const { devices, strategy } = this.options
        const left = devices - slot * plan.boardsPerSlot
        const step = strategy.looksUp ? CohortStep.Lookup : CohortStep.Register
        const life = strategy.looksUp
            ? newAgentState()
            : next(newAgentState(), AgentEvent.Unknown, 0, 1, 0, 0)
        this.dice.each(
            Math.min(left, plan.boardsPerSlot),
            chance => {
                const waitMs = plan.slotSec > 0 ? slotMs(slot, plan.slotSec, chance()) : 0
                return this.poweredMs(chance) + Math.max(this.spans.bootMs, waitMs) - this.clock.elapsedMs()
            },
            (delayMs, boards) => this.go(delayMs, { step, boards, life, knowsTime: false, hub: NO_HUB })
        )
        if (left > plan.boardsPerSlot)
            this.clock.after(plan.slotSec * 1000, () => this.openSlot(slot + 1, plan))
    }

    /** When a board is powered on. */
    private poweredMs(chance: () => number): number {
        const { powerOnSec } = this.options
        return powerOnSec > 0 ? Math.floor(powerOnSec * 1000 * chance()) : 0
    }

    /** Boards turn to their step `delayMs` from now. */
    private go(delayMs: number, cohort: Cohort): void {
        this.cohorts.join(delayMs + this.spans.arrivalMs(cohort.step, cohort.knowsTime), cohort)
    }

    private arrive(cohort: Cohort): void {
        switch (cohort.step) {
            case CohortStep.Lookup:
                this.lookUp(cohort)
                break
            case CohortStep.Register:
                this.register(cohort)
                break
            case CohortStep.Connect:
                this.connect(cohort)
        }
    }

    /** DPS knows none of them: 404. */
    private lookUp(cohort: Cohort): void {
        const { answerMs } = this.spans
        const passed = this.pass(cohort, answerMs, () => this.dps.operate())
        if (!passed) return
        const life = next(cohort.life, AgentEvent.Unknown, 0, this.clock.elapsedMs(), 0, 0)
        this.go(answerMs, { ...cohort, step: CohortStep.Register, boards: passed, life, knowsTime: true })
    }

    private register(cohort: Cohort): void {
        const { endMs } = this.spans
        const passed = this.pass(cohort, endMs, () => this.dps.register())
        if (!passed) return
        const nowMs = this.clock.elapsedMs()
        this.recorder.registered(nowMs, passed)
        const assignedMs = this.polledMs() + endMs
        const event = cohort.hub === NO_HUB ? AgentEvent.Assigned : AgentEvent.Returned
        const life = next(cohort.life, event, 0, nowMs + assignedMs, 0, 0)
        const assigned = { step: CohortStep.Connect, life, knowsTime: true }
        if (cohort.hub !== NO_HUB) this.go(assignedMs, { ...assigned, boards: passed, hub: cohort.hub })
        else
            for (let i = 0; i < passed; i++) {
                this.nextHub = (this.nextHub + 1) % this.hubs.length
                this.go(assignedMs, { ...assigned, boards: 1, hub: this.nextHub })
            }
    }

    private connect(cohort: Cohort): void {
        const { connackMaxMs, giveUpMs, answerMs, subscribedMs } = this.spans
        for (let left = cohort.boards; left > 0; left--) {
            const waitSec = this.hubs[cohort.hub].connect()
            // At one moment, whoever comes after the first that is refused is refused.
            if (waitSec === undefined) {
                this.hubFailed(cohort, left, answerMs)
                return
            }
            const waitMs = Math.ceil(waitSec * 1000)
            if (waitMs > connackMaxMs) this.hubFailed(cohort, 1, giveUpMs)
            else this.recorder.moored(this.clock.elapsedMs() + waitMs + subscribedMs)
        }
    }

    /** How many of a cohort DPS lets through; the others are throttled, and know it `answeredMs` later. */
    private pass(cohort: Cohort, answeredMs: number, ask: () => number): number {
        let retryAfterSec = 0
        let passed = 0
        while (passed < cohort.boards && (retryAfterSec = ask()) === 0) passed++
        // At one moment, whoever comes after the first that is refused is refused, and told the same.
        if (passed < cohort.boards) this.throttled(cohort, cohort.boards - passed, answeredMs, retryAfterSec)
        return passed
    }

    private throttled(cohort: Cohort, boards: number, answeredMs: number, retryAfterSec: number): void {
        const { strategy, saysRetryAfter } = this.options
        const { step, hub } = cohort
        const nowMs = this.clock.elapsedMs()
        this.recorder.throttled(nowMs, boards)
        this.dice.each(
            boards,
            chance =>
                strategy.throttled(
                    cohort.life,
                    saysRetryAfter ? retryAfterSec : 0,
                    nowMs + answeredMs,
                    chance
                ),
            (life, alike) =>
                this.go(answeredMs + life.delayMs, { step, boards: alike, life, knowsTime: true, hub })
        )
    }

    /** A CONNECT that is closed, or a CONNACK that does not come, is the network's for all that a board can see. */
    private hubFailed(cohort: Cohort, boards: number, noticedMs: number): void {
        const nowMs = this.clock.elapsedMs()
        this.recorder.hubRefused(nowMs, boards)
        this.dice.each(
            boards,
            chance => next(cohort.life, FaultKind.Network, 0, nowMs + noticedMs, 0, chance()),
            (life, alike) =>
                this.go(noticedMs + life.delayMs, { ...cohort, step: stepOf(life), boards: alike, life })
        )
    }

    /** Between two polls. */
    private get pollMs(): number {
        return this.spans.exchangeMs + 1000 * this.options.pollSec
    }

    /** From a register request's arrival to that of the poll which is answered `assigned`. */
    private polledMs(): number {
        return this.pollMs * Math.max(1, Math.ceil(this.options.assigningMs / this.pollMs))
    }
}

const NO_HUB = -1

/** N / cps. */
function leastSec(devices: number, rate: Rate | null): number {
    return rate ? (devices * rate.perSec) / rate.calls : 0
}

/** What a board does that has had a hub. */
function stepOf(life: AgentState): CohortStep {
    return life.state === AgentPhase.Register ? CohortStep.Register : CohortStep.Connect
}
