// What each event of a plan does: to the boards it strikes, or to the cloud.
import type { Cloud } from "@moorage/emulator"
import type { Clock } from "@moorage/runtime"
import type { HostState } from "./simulated-network.js"
import type { BoardNetwork } from "./simulated-network.js"
import { eventDurationSec, type SimulationPlan, type PlanEvent, quotasOf } from "../plan/simulation-plan.js"
import type { SimulatedBoard } from "./simulated-board.js"
import { sample } from "./random-streams.js"

/** Hosts that are down, names that do not resolve. */
export interface ActiveOutages {
    hosts: Map<string, HostState>
    names: Set<string>
}

/** What an event can reach. */
export interface EventContext {
    plan: SimulationPlan
    seed: number
    clock: Clock
    cloud: Cloud
    outages: ActiveOutages
    boards: { sim: SimulatedBoard; path: BoardNetwork }[]
    /** The hub that DPS has on record for a board. */
    assignedHub(id: string): string | undefined
    /** Tells that an event strikes a board, or the cloud (empty). */
    onApplied(board: string, what: string): void
}

const GROUP_ID = "fleet"
const BUTTON_MS = 5_200

type PlanAction<D extends PlanEvent["do"]> = (
    event: Extract<PlanEvent, { do: D }>,
    stage: EventContext,
    /** The boards it strikes, each with its own chance in [0, 1). */
    struck: { sim: SimulatedBoard; path: BoardNetwork; chance: number }[]
) => void

/** Does it, and undoes it after so many seconds. */
function forDuration(clock: Clock, forSec: number, begin: () => void, end: () => void): void {
    begin()
    clock.after(forSec * 1000, end)
}

function withAssignedHub(
    stage: EventContext,
    sim: SimulatedBoard,
    act: (hub: ReturnType<Cloud["hub"]>) => void
): void {
    const host = stage.assignedHub(sim.id)
    const hub = host === undefined ? undefined : stage.cloud.findHub(host)
    if (hub?.device(sim.id)) act(hub)
}

function requestReprovision(
    stage: EventContext,
    sim: SimulatedBoard,
    how: Extract<PlanEvent, { do: "reprovision" }>["how"],
    delaySec: number
): void {
    const refused = () => undefined
    if (how === "button") {
        if (sim.isPowered) sim.board.pressButton(BUTTON_MS)
        return
    }
    withAssignedHub(stage, sim, hub => {
        if (how === "method")
            void hub.invokeMethod(sim.id, "Reprovision", { delaySec }, { timeoutMs: 30_000 }).catch(refused)
        else if (how === "message") hub.sendToDevice(sim.id, "", { command: "reprovision" })
        else hub.patchDesired(sim.id, { reprovision: stage.clock.nowMs() })
    })
}

const ACTIONS: { [D in PlanEvent["do"]]: PlanAction<D> } = {
    powerCut: ({ forSec, spreadSec }, { clock }, struck) => {
        for (const { sim, chance } of struck)
            clock.after(chance * spreadSec * 1000, () => sim.cutPower(forSec * 1000))
    },
    hostDown: ({ host, forSec, how }, { clock, cloud, outages }) => {
        const hub = cloud.findHub(host)
        forDuration(
            clock,
            forSec,
            () => {
                outages.hosts.set(host, how)
                hub?.setAvailable(false)
            },
            () => {
                outages.hosts.delete(host)
                hub?.setAvailable(true)
            }
        )
    },
    failOver: ({ hub, forSec }, { cloud }) => cloud.hub(hub).failOver(forSec),
    fault: ({ on, service, share, forSec, fault }, { cloud }) =>
        void cloud.faultRules.add({ on, service, share, forSec, fault }),
    quotas: ({ quotas, forSec }, { clock, cloud, plan }) =>
        forDuration(
            clock,
            forSec,
            () => cloud.setQuotas(quotas),
            () => cloud.setQuotas(quotasOf(plan))
        ),
    clockSkew: ({ skewSec, forSec }, { clock, cloud }) =>
        forDuration(
            clock,
            forSec,
            () => (cloud.clock.skewMs = skewSec * 1000),
            () => (cloud.clock.skewMs = 0)
        ),
    // The operator's mistake: the hub has a key that no board has. Registration puts the enrollment's key back.
    rotateKeys: (_, stage, struck) => {
        for (const { sim } of struck)
            withAssignedHub(stage, sim, hub => {
                hub.rotateKey(sim.id, "primary")
                hub.disconnect(sim.id)
            })
    },
    removeDevices: (_, stage, struck) => {
        for (const { sim } of struck) withAssignedHub(stage, sim, hub => hub.removeDevice(sim.id))
    },
    forgetRegistrations: (_, { cloud }, struck) => {
        for (const { sim } of struck) cloud.dps.deleteRegistration(sim.id)
    },
    allocate: ({ hubs }, { cloud }) => {
        const group = cloud.dps.enrollments.group(GROUP_ID)
        if (group) cloud.dps.enrollments.putGroup({ ...group, iotHubs: hubs })
    },
    reprovision: ({ how, delaySec, spreadSec }, stage, struck) => {
        for (const { sim, chance } of struck)
            stage.clock.after(chance * spreadSec * 1000, () => requestReprovision(stage, sim, how, delaySec))
    },
    disconnect: ({ spreadSec }, stage, struck) => {
        for (const { sim, chance } of struck)
            stage.clock.after(chance * spreadSec * 1000, () =>
                withAssignedHub(stage, sim, hub => hub.disconnect(sim.id))
            )
    },
    wifi: ({ offSec, onSec, times, spreadSec }, { clock }, struck) => {
        const nowMs = clock.nowMs()
        for (const { path, chance } of struck)
            for (let i = 0; i < times; i++)
                clock.after(chance * spreadSec * 1000 + i * (offSec + onSec) * 1000, () =>
                    forDuration(
                        clock,
                        offSec,
                        () => {
                            path.available = false
                            path.cutUntil(nowMs + (chance * spreadSec + i * (offSec + onSec) + offSec) * 1000)
                        },
                        () => (path.available = true)
                    )
                )
    },
    partition: ({ forSec }, { clock }, struck) => {
        for (const { path } of struck) path.cutUntil(clock.nowMs() + forSec * 1000)
    },
    halfOpen: (_, __, struck) => {
        for (const { path } of struck) path.dropSilently()
    },
    dnsDown: ({ host, forSec }, { clock, outages }) =>
        forDuration(
            clock,
            forSec,
            () => outages.names.add(host),
            () => outages.names.delete(host)
        ),
    flashFails: ({ forSec }, { clock }, struck) => {
        for (const { sim } of struck)
            forDuration(
                clock,
                forSec,
                () => sim.setFlashFails(true),
                () => sim.setFlashFails(false)
            )
    },
    spoilRecord: ({ how }, _, struck) => {
        for (const { sim } of struck) sim.spoilRecord(how)
    },
    tornWrite: (_, __, struck) => {
        for (const { sim } of struck) sim.tearNextWrite()
    },
}

/** `powerCut for 5 s`, for the trace. */
function describeEvent(event: PlanEvent): string {
    const lasts = eventDurationSec(event)
    return lasts > 0 ? `${event.do} for ${lasts} s` : event.do
}

/** Lets an event of the plan strike; `index` is its place there. */
export function applyEvent(event: PlanEvent, index: number, stage: EventContext): void {
    const share = "share" in event && event.do !== "fault" ? (event.share ?? 1) : 0
    const struck = stage.boards
        .map(({ sim, path }) => ({ sim, path, lot: sample(stage.seed, `event/${index}/${sim.id}`) }))
        .filter(({ lot }) => lot < share)
        .map(({ sim, path, lot }) => ({ sim, path, chance: lot / share }))
    stage.onApplied("", describeEvent(event))
    for (const { sim } of struck) stage.onApplied(sim.id, describeEvent(event))
    const act = ACTIONS[event.do] as PlanAction<PlanEvent["do"]>
    act(event as never, stage, struck)
}
