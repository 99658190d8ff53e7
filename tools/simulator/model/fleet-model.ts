// A fleet without the VM: the decisions of devs/retry, the throttles of the emulator, and the time that steps take.
//
//   (slot) -- lookup -- register -- polls -- connect -- moored       after a 429 or a closed CONNECT: wait, again
import {
    AgentEvent,
    AgentPhase,
    type AgentState,
    FaultKind,
    newAgentState,
    next,
    type PolicyInput,
    slotMs,
} from "@moorage/device/shared"
import { DpsThrottle, HubThrottle, type Quotas, type Rate } from "@moorage/emulator"
import { VirtualClock } from "../world/virtual-clock.js"
import { randomStream } from "../world/random-streams.js"
import { type Cohort, Cohorts, CohortStep } from "./cohorts.js"
import { type FleetCurve, CurveRecorder } from "./fleet-curve.js"
import { GroupRandom } from "./group-random.js"
import { type Latencies, StepDurations } from "./step-durations.js"
import type { SlotPlan } from "./slot-plan.js"
import type { RetryStrategy } from "./retry-strategies.js"

/** A fleet, its cloud, and how it waits. */
export interface FleetModelOptions {
    devices: number
    seed: number
    strategy: RetryStrategy
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
export class FleetModel {
    private readonly clock = new VirtualClock()
    private readonly cohorts = new Cohorts(this.clock, cohort => this.arrive(cohort))
    private readonly dps: DpsThrottle
    private readonly hubs: HubThrottle[]
    private readonly random: GroupRandom
    private readonly durations: StepDurations
    private readonly recorder: CurveRecorder
    private nextHub = 0

    /** @throws RangeError for polls that DPS would throttle: the model has none of those */
    constructor(private readonly options: FleetModelOptions) {
        const { quotas, devices, seed } = options
        this.dps = new DpsThrottle(quotas, this.clock)
        this.hubs = Array.from({ length: options.hubs }, () => new HubThrottle(quotas, this.clock))
        this.random = new GroupRandom(randomStream(seed, "model"))
        this.durations = new StepDurations(options.latencies)
        this.recorder = new CurveRecorder(devices, options.binSec)
        const polls = quotas.dpsPollsPerDevice
        if (polls && this.pollMs < (1000 * polls.perSec) / polls.calls)
            throw new RangeError(`a poll each ${this.pollMs} ms is more than DPS takes from one board`)
    }

    /** Boards that DPS has never seen. */
    rollOut(): FleetCurve {
        const { devices, quotas, slots } = this.options
        this.openSlot(0, slots ?? { boardsPerSlot: devices, slotSec: 0 })
        return this.run(minimumSec(devices, quotas.dpsRegistrations))
    }

    /** Boards with a valid record, all of them booting. */
    reboot(): FleetCurve {
        const { devices, quotas } = this.options
        const life = next(newAgentState(), AgentEvent.Known, inputAt(1))
        this.hubs.forEach((_, hub) => {
            const boards = Math.floor((devices + hub) / this.hubs.length)
            this.random.each(
                boards,
                chance => this.poweredMs(chance) + this.durations.bootMs,
                (delayMs, alike) =>
                    this.schedule(delayMs, {
                        step: CohortStep.Connect,
                        boards: alike,
                        agent: life,
                        knowsTime: false,
                        hub,
                    })
            )
        })
        return this.run(minimumSec(devices, quotas.hubConnects) / this.hubs.length)
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
            : next(newAgentState(), AgentEvent.Unknown, inputAt(1))
        this.random.each(
            Math.min(left, plan.boardsPerSlot),
            chance => {
                const waitMs = plan.slotSec > 0 ? slotMs(slot, plan.slotSec, chance()) : 0
                return (
                    this.poweredMs(chance) + Math.max(this.durations.bootMs, waitMs) - this.clock.elapsedMs()
                )
            },
            (delayMs, boards) =>
                this.schedule(delayMs, { step, boards, agent: life, knowsTime: false, hub: NO_HUB })
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
    private schedule(delayMs: number, cohort: Cohort): void {
        this.cohorts.join(delayMs + this.durations.arrivalMs(cohort.step, cohort.knowsTime), cohort)
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
        const { answerMs } = this.durations
        const passed = this.admit(cohort, answerMs, () => this.dps.operate())
        if (!passed) return
        const life = next(cohort.agent, AgentEvent.Unknown, inputAt(this.clock.elapsedMs()))
        this.schedule(answerMs, {
            ...cohort,
            step: CohortStep.Register,
            boards: passed,
            agent: life,
            knowsTime: true,
        })
    }

    private register(cohort: Cohort): void {
        const { endMs } = this.durations
        const passed = this.admit(cohort, endMs, () => this.dps.register())
        if (!passed) return
        const nowMs = this.clock.elapsedMs()
        this.recorder.registered(nowMs, passed)
        const assignedMs = this.assignmentMs() + endMs
        const event = cohort.hub === NO_HUB ? AgentEvent.Assigned : AgentEvent.Returned
        const life = next(cohort.agent, event, inputAt(nowMs + assignedMs))
        const assigned = { step: CohortStep.Connect, agent: life, knowsTime: true }
        if (cohort.hub !== NO_HUB) this.schedule(assignedMs, { ...assigned, boards: passed, hub: cohort.hub })
        else
            for (let i = 0; i < passed; i++) {
                this.nextHub = (this.nextHub + 1) % this.hubs.length
                this.schedule(assignedMs, { ...assigned, boards: 1, hub: this.nextHub })
            }
    }

    private connect(cohort: Cohort): void {
        const { connackMaxMs, giveUpMs, answerMs, subscribedMs } = this.durations
        for (let left = cohort.boards; left > 0; left--) {
            const waitSec = this.hubs[cohort.hub].connect()
            // At one moment, whoever comes after the first that is refused is refused.
            if (waitSec === undefined) {
                this.onHubRefused(cohort, left, answerMs)
                return
            }
            const waitMs = Math.ceil(waitSec * 1000)
            if (waitMs > connackMaxMs) this.onHubRefused(cohort, 1, giveUpMs)
            else this.recorder.moored(this.clock.elapsedMs() + waitMs + subscribedMs)
        }
    }

    /** How many of a cohort DPS lets through; the others are throttled, and know it `answeredMs` later. */
    private admit(cohort: Cohort, answeredMs: number, ask: () => number): number {
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
        this.random.each(
            boards,
            chance =>
                strategy.afterThrottle(
                    cohort.agent,
                    saysRetryAfter ? retryAfterSec : 0,
                    nowMs + answeredMs,
                    chance
                ),
            (life, alike) =>
                this.schedule(answeredMs + life.delayMs, {
                    step,
                    boards: alike,
                    agent: life,
                    knowsTime: true,
                    hub,
                })
        )
    }

    /** A CONNECT that is closed, or a CONNACK that does not come, is the network's for all that a board can see. */
    private onHubRefused(cohort: Cohort, boards: number, noticedMs: number): void {
        const nowMs = this.clock.elapsedMs()
        this.recorder.hubRefused(nowMs, boards)
        this.random.each(
            boards,
            chance => next(cohort.agent, FaultKind.Network, inputAt(nowMs + noticedMs, chance())),
            (life, alike) =>
                this.schedule(noticedMs + life.delayMs, {
                    ...cohort,
                    step: nextStep(life),
                    boards: alike,
                    agent: life,
                })
        )
    }

    /** Between two polls. */
    private get pollMs(): number {
        return this.durations.exchangeMs + 1000 * this.options.pollSec
    }

    /** From a register request's arrival to that of the poll which is answered `assigned`. */
    private assignmentMs(): number {
        return this.pollMs * Math.max(1, Math.ceil(this.options.assigningMs / this.pollMs))
    }
}

const NO_HUB = -1

/** Returns the input of the policy for an event without `retry-after`. */
function inputAt(nowMs: number, random = 0): PolicyInput {
    return { retryAfterSec: 0, nowMs, fleetMs: 0, random }
}

/** N / cps. */
function minimumSec(devices: number, rate: Rate | null): number {
    return rate ? (devices * rate.perSec) / rate.calls : 0
}

/** What a board does that has had a hub. */
function nextStep(life: AgentState): CohortStep {
    return life.phase === AgentPhase.Register ? CohortStep.Register : CohortStep.Connect
}
