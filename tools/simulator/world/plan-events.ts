// Applies the events of a plan to boards or to the cloud.
import type { Cloud } from "@moorage/emulator"
import type { Clock } from "@moorage/runtime"
import { GROUP_ID } from "./fleet-spec.js"
import type { BoardNetwork, HostState } from "./simulated-network.js"
import { eventDurationSec, type SimulationPlan, type PlanEvent, quotasOf } from "../plan/simulation-plan.js"
import type { SimulatedBoard } from "./simulated-board.js"
import { sample } from "./random-streams.js"

/** The hosts that are down, and the names that do not resolve. */
export interface ActiveOutages {
    hosts: Map<string, HostState>
    names: Set<string>
}

/** A board and its network. */
export interface ConnectedBoard {
    sim: SimulatedBoard
    network: BoardNetwork
}

/** What an event can change. */
export interface EventContext {
    plan: SimulationPlan
    seed: number
    clock: Clock
    cloud: Cloud
    outages: ActiveOutages
    boards: ConnectedBoard[]
    /** Returns the hub that DPS assigned to a board. */
    assignedHub(id: string): string | undefined
    /** Called for each board that an event is applied to, and once with an empty board for the cloud. */
    onApplied(board: string, what: string): void
}

/** Longer than the 5 s for which the button must be held. */
const BUTTON_MS = 5_200

/** A board that an event is applied to, with a random number in [0, 1) of its own. */
type EventTarget = ConnectedBoard & { random: number }

type PlanAction<D extends PlanEvent["do"]> = (
    event: Extract<PlanEvent, { do: D }>,
    context: EventContext,
    targets: EventTarget[]
) => void

/** The begin and the end of an effect that lasts for some time. */
interface TimedEffect {
    begin: () => void
    end: () => void
}

/** Calls `begin` now and `end` after `forSec`. */
function forDuration(clock: Clock, forSec: number, { begin, end }: TimedEffect): void {
    begin()
    clock.after(forSec * 1000, end)
}

/** Calls `act` with the hub of a board, if the board is assigned and its hub knows it. */
function withAssignedHub(
    context: EventContext,
    sim: SimulatedBoard,
    act: (hub: ReturnType<Cloud["hub"]>) => void
): void {
    const host = context.assignedHub(sim.id)
    const hub = host === undefined ? undefined : context.cloud.findHub(host)
    if (hub?.device(sim.id)) act(hub)
}

/** Requests reprovisioning of one board. */
function requestReprovision(
    context: EventContext,
    sim: SimulatedBoard,
    how: Extract<PlanEvent, { do: "reprovision" }>["how"],
    delaySec: number
): void {
    const ignoreFailure = () => undefined
    if (how === "button") {
        if (sim.isPowered) sim.board.pressButton(BUTTON_MS)
        return
    }
    withAssignedHub(context, sim, hub => {
        if (how === "method")
            void hub
                .invokeMethod(sim.id, "Reprovision", { delaySec }, { timeoutMs: 30_000 })
                .catch(ignoreFailure)
        else if (how === "message") hub.sendToDevice(sim.id, "", { command: "reprovision" })
        else hub.patchDesired(sim.id, { reprovision: context.clock.nowMs() })
    })
}

const ACTIONS: { [D in PlanEvent["do"]]: PlanAction<D> } = {
    powerCut: ({ forSec, spreadSec }, { clock }, targets) => {
        for (const { sim, random } of targets)
            clock.after(random * spreadSec * 1000, () => sim.cutPower(forSec * 1000))
    },
    hostDown: ({ host, forSec, how }, { clock, cloud, outages }) => {
        const hub = cloud.findHub(host)
        forDuration(clock, forSec, {
            begin: () => {
                outages.hosts.set(host, how)
                hub?.setAvailable(false)
            },
            end: () => {
                outages.hosts.delete(host)
                hub?.setAvailable(true)
            },
        })
    },
    failOver: ({ hub, forSec }, { cloud }) => cloud.hub(hub).failOver(forSec),
    fault: ({ on, service, share, forSec, fault }, { cloud }) =>
        void cloud.faultRules.add({ on, service, share, forSec, fault }),
    quotas: ({ quotas, forSec }, { clock, cloud, plan }) =>
        forDuration(clock, forSec, {
            begin: () => cloud.setQuotas(quotas),
            end: () => cloud.setQuotas(quotasOf(plan)),
        }),
    clockSkew: ({ skewSec, forSec }, { clock, cloud }) =>
        forDuration(clock, forSec, {
            begin: () => (cloud.clock.skewMs = skewSec * 1000),
            end: () => (cloud.clock.skewMs = 0),
        }),
    // An operator's mistake: the hub has a key that no board has. A registration restores the key of the enrollment.
    rotateKeys: (_, context, targets) => {
        for (const { sim } of targets)
            withAssignedHub(context, sim, hub => {
                hub.rotateKey(sim.id, "primary")
                hub.disconnect(sim.id)
            })
    },
    removeDevices: (_, context, targets) => {
        for (const { sim } of targets) withAssignedHub(context, sim, hub => hub.removeDevice(sim.id))
    },
    forgetRegistrations: (_, { cloud }, targets) => {
        for (const { sim } of targets) cloud.dps.deleteRegistration(sim.id)
    },
    allocate: ({ hubs }, { cloud }) => {
        const group = cloud.dps.enrollments.group(GROUP_ID)
        if (group) cloud.dps.enrollments.putGroup({ ...group, iotHubs: hubs })
    },
    reprovision: ({ how, delaySec, spreadSec }, context, targets) => {
        for (const { sim, random } of targets)
            context.clock.after(random * spreadSec * 1000, () =>
                requestReprovision(context, sim, how, delaySec)
            )
    },
    disconnect: ({ spreadSec }, context, targets) => {
        for (const { sim, random } of targets)
            context.clock.after(random * spreadSec * 1000, () =>
                withAssignedHub(context, sim, hub => hub.disconnect(sim.id))
            )
    },
    wifi: ({ offSec, onSec, times, spreadSec }, { clock }, targets) => {
        const nowMs = clock.nowMs()
        for (const { network, random } of targets)
            for (let i = 0; i < times; i++) {
                const startMs = random * spreadSec * 1000 + i * (offSec + onSec) * 1000
                const endMs = (random * spreadSec + i * (offSec + onSec) + offSec) * 1000
                const turnOff = () => {
                    network.isAvailable = false
                    network.cutUntil(nowMs + endMs)
                }
                const turnOn = () => (network.isAvailable = true)
                clock.after(startMs, () => forDuration(clock, offSec, { begin: turnOff, end: turnOn }))
            }
    },
    partition: ({ forSec }, { clock }, targets) => {
        for (const { network } of targets) network.cutUntil(clock.nowMs() + forSec * 1000)
    },
    halfOpen: (_, __, targets) => {
        for (const { network } of targets) network.dropSilently()
    },
    dnsDown: ({ host, forSec }, { clock, outages }) =>
        forDuration(clock, forSec, {
            begin: () => outages.names.add(host),
            end: () => outages.names.delete(host),
        }),
    flashFails: ({ forSec }, { clock }, targets) => {
        for (const { sim } of targets)
            forDuration(clock, forSec, {
                begin: () => sim.setFlashFailing(true),
                end: () => sim.setFlashFailing(false),
            })
    },
    spoilRecord: ({ how }, _, targets) => {
        for (const { sim } of targets) sim.spoilRecord(how)
    },
    tornWrite: (_, __, targets) => {
        for (const { sim } of targets) sim.tearNextWrite()
    },
}

/** Returns `powerCut for 5 s`, for the trace. */
function describeEvent(event: PlanEvent): string {
    const durationSec = eventDurationSec(event)
    return durationSec > 0 ? `${event.do} for ${durationSec} s` : event.do
}

/** Applies an event to the cloud, or to a random share of the boards. @param index position of the event in the plan */
export function applyEvent(event: PlanEvent, index: number, context: EventContext): void {
    const share = "share" in event && event.do !== "fault" ? (event.share ?? 1) : 0
    const targets = context.boards
        .map(board => ({ ...board, draw: sample(context.seed, `event/${index}/${board.sim.id}`) }))
        .filter(({ draw }) => draw < share)
        .map(({ sim, network, draw }) => ({ sim, network, random: draw / share }))
    context.onApplied("", describeEvent(event))
    for (const { sim } of targets) context.onApplied(sim.id, describeEvent(event))
    const act = ACTIONS[event.do] as PlanAction<PlanEvent["do"]>
    act(event as never, context, targets)
}
