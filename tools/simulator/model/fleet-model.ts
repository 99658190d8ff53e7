// A fleet without the VM, made of the decisions of devs/retry, the throttles of the emulator and the durations of steps.
//
//   (slot) -- lookup -- register -- polls -- connect -- moored       after a 429 or a closed CONNECT: wait and retry
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
import { randomStream } from "../world/random-streams.js"
import { VirtualClock } from "../world/virtual-clock.js"
import { type Cohort, Cohorts, CohortStep } from "./cohorts.js"
import { type FleetCurve, CurveRecorder } from "./fleet-curve.js"
import { GroupRandom } from "./group-random.js"
import { type Latencies, StepDurations } from "./step-durations.js"
import type { SlotPlan } from "./slot-plan.js"
import type { RetryStrategy } from "./retry-strategies.js"

/** A fleet, its cloud, and its retry strategy. */
export interface FleetModelOptions {
    devices: number
    seed: number
    strategy: RetryStrategy
    /** Slots for the first registration (default: none). */
    slots?: SlotPlan
    /** Time over which boards are powered on in random order, evenly spread. */
    powerOnSec: number
    quotas: Quotas
    /** Number of hubs. Each has the quota of one hub. Boards are distributed evenly. */
    hubs: number
    /** Whether DPS sends `retry-after` with a 429. */
    sendsRetryAfter: boolean
    /** Wait between polls that DPS asks for. */
    pollSec: number
    /** Time that DPS takes to assign a hub. */
    assigningMs: number
    latencies: Latencies
    /** Length of a bin of the curve. */
    binSec: number
    /** End of the run, also if boards are not moored. */
    horizonSec: number
}

/** One run of the model. Boards differ only in their next step and its time. */
export class FleetModel {
    private readonly clock = new VirtualClock()
    private readonly cohorts = new Cohorts(this.clock, cohort => this.arrive(cohort))
    private readonly dps: DpsThrottle
    private readonly hubs: HubThrottle[]
    private readonly random: GroupRandom
    private readonly durations: StepDurations
    private readonly recorder: CurveRecorder
    private nextHub = 0

    /** @throws RangeError if the boards poll more often than DPS allows. The model does not throttle polls */
    constructor(private readonly options: FleetModelOptions) {
        const { quotas, devices, seed } = options
        this.dps = new DpsThrottle(quotas, this.clock)
        this.hubs = Array.from({ length: options.hubs }, () => new HubThrottle(quotas, this.clock))
        this.random = new GroupRandom(randomStream(seed, "model"))
        this.durations = new StepDurations(options.latencies)
        this.recorder = new CurveRecorder(devices, options.binSec)
        const polls = quotas.dpsPollsPerDevice
        if (polls && this.pollMs < (1000 * polls.perSec) / polls.calls)
            throw new RangeError(
                `One poll every ${this.pollMs} ms exceeds the DPS quota of ${polls.calls} per ${polls.perSec} s and board. ` +
                    "Increase pollSec."
            )
    }

    /** Simulates boards that DPS does not know. */
    rollOut(): FleetCurve {
        const { devices, quotas, slots } = this.options
        this.openSlot(0, slots ?? { boardsPerSlot: devices, slotSec: 0 })
        return this.run(minimumSec(devices, quotas.dpsRegistrations))
    }

    /** Simulates boards with a valid record that all boot. */
    reboot(): FleetCurve {
        const { devices, quotas } = this.options
        const agent = next(newAgentState(), AgentEvent.Known, inputAt(1))
        this.hubs.forEach((_, hub) => {
            const boards = Math.floor((devices + hub) / this.hubs.length)
            this.random.decideEach(
                boards,
                random => this.powerOnMs(random) + this.durations.bootMs,
                (delayMs, group) =>
                    this.schedule(delayMs, {
                        step: CohortStep.Connect,
                        boards: group,
                        agent,
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

    /** Schedules the boards of a slot. The next slot follows at its start, so that only one slot is in memory. */
    private openSlot(slot: number, plan: SlotPlan): void {
        const { devices, strategy } = this.options
        const left = devices - slot * plan.boardsPerSlot
        const step = strategy.usesLookup ? CohortStep.Lookup : CohortStep.Register
        const agent = strategy.usesLookup
            ? newAgentState()
            : next(newAgentState(), AgentEvent.Unknown, inputAt(1))
        this.random.decideEach(
            Math.min(left, plan.boardsPerSlot),
            random => {
                const waitMs = plan.slotSec > 0 ? slotMs(slot, plan.slotSec, random()) : 0
                return (
                    this.powerOnMs(random) + Math.max(this.durations.bootMs, waitMs) - this.clock.elapsedMs()
                )
            },
            (delayMs, boards) =>
                this.schedule(delayMs, { step, boards, agent, knowsTime: false, hub: undefined })
        )
        if (left > plan.boardsPerSlot)
            this.clock.after(plan.slotSec * 1000, () => this.openSlot(slot + 1, plan))
    }

    /** Returns when a board is powered on, in ms. */
    private powerOnMs(random: () => number): number {
        const { powerOnSec } = this.options
        return powerOnSec > 0 ? Math.floor(powerOnSec * 1000 * random()) : 0
    }

    /** Schedules the step of a cohort, which begins in `delayMs`. */
    private schedule(delayMs: number, cohort: Cohort): void {
        this.cohorts.add(delayMs + this.durations.arrivalMs(cohort.step, cohort.knowsTime), cohort)
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

    /** DPS answers 404, because it does not know the boards. */
    private lookUp(cohort: Cohort): void {
        const { answerMs } = this.durations
        const passed = this.admit(cohort, answerMs, () => this.dps.operate())
        if (!passed) return
        const agent = next(cohort.agent, AgentEvent.Unknown, inputAt(this.clock.elapsedMs()))
        this.schedule(answerMs, {
            ...cohort,
            step: CohortStep.Register,
            boards: passed,
            agent,
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
        const event = cohort.hub === undefined ? AgentEvent.Assigned : AgentEvent.Returned
        const agent = next(cohort.agent, event, inputAt(nowMs + assignedMs))
        const assigned = { step: CohortStep.Connect, agent, knowsTime: true }
        if (cohort.hub !== undefined)
            this.schedule(assignedMs, { ...assigned, boards: passed, hub: cohort.hub })
        else
            for (let i = 0; i < passed; i++) {
                this.nextHub = (this.nextHub + 1) % this.hubs.length
                this.schedule(assignedMs, { ...assigned, boards: 1, hub: this.nextHub })
            }
    }

    private connect(cohort: Cohort): void {
        const { connackMaxMs, giveUpMs, answerMs, subscribedMs } = this.durations
        // A cohort that connects has a hub.
        const hub = this.hubs[cohort.hub as number]
        for (let left = cohort.boards; left > 0; left--) {
            const waitSec = hub.connect()
            // At the same time, all boards after the first refused one are refused.
            if (waitSec === undefined) {
                this.onHubRefused(cohort, left, answerMs)
                return
            }
            const waitMs = Math.ceil(waitSec * 1000)
            if (waitMs > connackMaxMs) this.onHubRefused(cohort, 1, giveUpMs)
            else this.recorder.moored(this.clock.elapsedMs() + waitMs + subscribedMs)
        }
    }

    /**
     * Returns how many boards of a cohort DPS accepts. The others are throttled.
     * @param answeredMs time until a board has read the answer
     * @param call asks the throttle for one board; returns `retry-after`, or 0 if the call is accepted
     */
    private admit(cohort: Cohort, answeredMs: number, call: () => number): number {
        let retryAfterSec = 0
        let passed = 0
        while (passed < cohort.boards && (retryAfterSec = call()) === 0) passed++
        // At the same time, all boards after the first refused one are refused with the same `retry-after`.
        if (passed < cohort.boards) this.throttled(cohort, cohort.boards - passed, answeredMs, retryAfterSec)
        return passed
    }

    private throttled(cohort: Cohort, boards: number, answeredMs: number, retryAfterSec: number): void {
        const { strategy, sendsRetryAfter } = this.options
        const { hub } = cohort
        const nowMs = this.clock.elapsedMs()
        this.recorder.throttled(nowMs, boards)
        this.random.decideEach(
            boards,
            random =>
                strategy.afterThrottle(cohort.agent, {
                    retryAfterSec: sendsRetryAfter ? retryAfterSec : 0,
                    nowMs: nowMs + answeredMs,
                    random,
                }),
            (agent, group) =>
                this.schedule(answeredMs + agent.delayMs, {
                    step: nextStep(agent),
                    boards: group,
                    agent,
                    knowsTime: true,
                    hub,
                })
        )
    }

    /** Handles a closed CONNECT or a missing CONNACK. A board takes both for a network failure. */
    private onHubRefused(cohort: Cohort, boards: number, noticedMs: number): void {
        const nowMs = this.clock.elapsedMs()
        this.recorder.hubRefused(nowMs, boards)
        this.random.decideEach(
            boards,
            random => next(cohort.agent, FaultKind.Network, inputAt(nowMs + noticedMs, random())),
            (agent, group) =>
                this.schedule(noticedMs + agent.delayMs, {
                    ...cohort,
                    step: nextStep(agent),
                    boards: group,
                    agent,
                })
        )
    }

    /** Time between two polls. */
    private get pollMs(): number {
        return this.durations.exchangeMs + 1000 * this.options.pollSec
    }

    /** Returns the time from the arrival of a register request to the arrival of the poll that is answered `assigned`. */
    private assignmentMs(): number {
        return this.pollMs * Math.max(1, Math.ceil(this.options.assigningMs / this.pollMs))
    }
}

/** Returns N / cps in s; 0 without a quota. */
function minimumSec(devices: number, rate: Rate | null): number {
    return rate ? (devices * rate.perSec) / rate.calls : 0
}

/** Returns the input of the policy for an event without `retry-after`. */
function inputAt(nowMs: number, random = 0): PolicyInput {
    return { retryAfterSec: 0, nowMs, fleetMs: 0, random }
}

/** Returns the next step of a board. */
function nextStep(agent: AgentState): CohortStep {
    if (agent.phase === AgentPhase.FindHub) return CohortStep.Lookup
    return agent.phase === AgentPhase.Register ? CohortStep.Register : CohortStep.Connect
}
