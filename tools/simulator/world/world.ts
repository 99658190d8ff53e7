// The world of one run: cloud, boards, network and events, made from a plan and a seed. Only the bytecode, the VM and the
// emulator's core are real.
import { acceptHttp, acceptMqtt, Cloud, type CloudEvent } from "@moorage/emulator"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import type { Link } from "@moorage/runtime"
import type { NetworkTarget } from "@moorage/vm"
import { type ActiveOutages, applyEvent, type ConnectedBoard, type EventContext } from "./plan-events.js"
import { VirtualClock } from "./virtual-clock.js"
import type { TraceEvent, TraceEventKind } from "../trace/trace-event.js"
import { type NetworkEvent, BoardNetwork } from "./simulated-network.js"
import { recordOwner } from "@moorage/device/shared"
import type { SimulationPlan } from "../plan/simulation-plan.js"
import type { BoardSpec, FleetSpec } from "./fleet-spec.js"
import { type FlashRecord, SimulatedBoard } from "./simulated-board.js"
import { randomStream } from "./random-streams.js"

const HTTPS_PORT = 443

/** Receives the events of a world. */
export interface WorldObserver {
    onEvent(event: TraceEvent): void
    /** A board received bytes from a host. */
    onBytesReceived(board: string, host: string): void
    /** A board is about to write its flash. Called before the write. */
    onFlashWrite(board: string, before: FlashRecord, after: FlashRecord): void
}

/** The inputs of a run. The same inputs give the same run. */
export interface WorldInput {
    plan: SimulationPlan
    seed: number
    fleetSpec: FleetSpec
}

/** The cloud, the boards and the networks of one run, on one virtual clock. */
export class World {
    readonly clock = new VirtualClock()
    readonly cloud: Cloud
    readonly boards: ConnectedBoard[] = []
    private readonly outages: ActiveOutages = { hosts: new Map(), names: new Set() }

    private readonly plan: SimulationPlan
    private readonly seed: number
    private readonly fleetSpec: FleetSpec

    constructor(
        { plan, seed, fleetSpec }: WorldInput,
        private readonly observer: WorldObserver
    ) {
        this.plan = plan
        this.seed = seed
        this.fleetSpec = fleetSpec
        this.cloud = new Cloud({
            clock: this.clock,
            random: randomStream(seed, "cloud"),
            idScope: fleetSpec.idScope,
            hubs: plan.hubs,
            ...fleetSpec.enrollments,
            assigningMs: plan.assigningMs,
            retryAfterSec: plan.retryAfterSec,
            quotas: plan.quotas,
        })
        this.cloud.onEvent(event => this.emitCloudEvent(event))
        for (const number of plan.boards.only ?? Array.from({ length: plan.boards.count }, (_, i) => i))
            this.addBoard(number, fleetSpec.boardSpec(number))
        this.schedule()
    }

    /** Returns the hub that DPS assigned to a board. */
    assignedHub(id: string): string | undefined {
        return this.cloud.dps.registration(id)?.assignedHub
    }

    /** Returns the hubs that have a session of a board. */
    sessionsOf(id: string): string[] {
        return this.cloud.hubNames().filter(name => this.cloud.hub(name).device(id)?.session)
    }

    private schedule(): void {
        const { plan, clock } = this
        for (const { sim } of this.boards) clock.after(sim.options.powerOnSec * 1000, () => sim.switchOn())
        const context: EventContext = {
            plan,
            seed: this.seed,
            clock,
            cloud: this.cloud,
            outages: this.outages,
            boards: this.boards,
            assignedHub: id => this.assignedHub(id),
            onApplied: (board, what) => this.emit(board, "event", { detail: what }),
        }
        for (const [index, event] of plan.events.entries())
            clock.after(event.atSec * 1000, () => applyEvent(event, index, context))
    }

    private addBoard(number: number, spec: BoardSpec): void {
        const { plan, seed, clock } = this
        const { id, key } = spec
        const network = new BoardNetwork({
            clock,
            random: randomStream(seed, `network/${number}`),
            parameters: plan.network,
            outages: {
                hostState: host => this.outages.hosts.get(host) ?? "up",
                resolves: host => !this.outages.names.has(host),
            },
            acceptLink: (target, link) => this.acceptLink(target, link),
            emit: event => this.emitNetworkEvent(id, event),
        })
        const sim = new SimulatedBoard({
            ...spec,
            number,
            owner: recordOwner(GLOBAL_DEVICE_ENDPOINT, this.fleetSpec.idScope, key),
            clock,
            random: randomStream(seed, `board/${number}`),
            network,
            emit: ({ kind, ...fields }) => this.emit(id, kind, fields),
            onFlashWrite: (before, after) => {
                this.emit(id, "flash", { detail: before.text === after.text ? "crashes" : "record" })
                this.observer.onFlashWrite(id, before, after)
            },
        })
        this.boards.push({ sim, network })
    }

    private acceptLink(target: NetworkTarget, link: Link): void {
        if (target.port === HTTPS_PORT) acceptHttp(this.cloud, link)
        else acceptMqtt(this.cloud, link)
    }

    private emit(board: string, kind: TraceEventKind, rest: Partial<TraceEvent> = {}): void {
        this.observer.onEvent({ ms: Math.round(this.clock.elapsedMs()), board, kind, ...rest })
    }

    private emitNetworkEvent(board: string, event: NetworkEvent): void {
        const { kind, target } = event
        const service = target.host
        if (kind === "data") this.observer.onBytesReceived(board, service)
        else if (kind === "dial") this.emit(board, kind, { service, status: event.others })
        else if (kind === "fail") this.emit(board, kind, { service, detail: event.where })
        else this.emit(board, kind, { service })
    }

    private emitCloudEvent({ service, kind, id, status, retryAfterSec, detail }: CloudEvent): void {
        // The detail of telemetry is its properties, which are always the same.
        const shownDetail = kind === "telemetry" ? undefined : detail
        this.emit(id, kind, { service, status, retryAfterSec, detail: shownDetail })
    }
}
