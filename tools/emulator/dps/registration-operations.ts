import type { Clock } from "@moorage/runtime"
import { type StateStore, type Snapshot, splitKey } from "../state/state-store.js"
import type { RegistrationState } from "./dps-bodies.js"

/** A registration under way, or done. */
export interface RegistrationOperation {
    operationId: string
    registrationId: string
    /** The enrollment group that the device proved to be of. */
    enrollmentGroupId?: string
    beganAtMs: number
    /** When `assigning` ends at the earliest. */
    dueAtMs: number
    /** What the device sent along. */
    payload?: unknown
    /** Set once it is decided. */
    outcome?: RegistrationState
}

/** How long a device can ask for an operation that is done. */
const LIFE_MS = 3_600_000

/** The operations that devices may poll for. */
export class RegistrationOperations {
    private readonly byId = new Map<string, RegistrationOperation>()
    /** The latest of each registration ID. */
    private readonly latestOf = new Map<string, RegistrationOperation>()

    constructor(
        private readonly clock: Clock,
        private readonly keeper: StateStore
    ) {}

    /** Takes up what an earlier process kept. @returns those that are not decided yet */
    restore(kept: Snapshot): RegistrationOperation[] {
        for (const [key, value] of kept)
            if (splitKey(key)[0] === "operation") this.add(value as RegistrationOperation)
        return [...this.byId.values()].filter(operation => !operation.outcome)
    }

    get(operationId: string): RegistrationOperation | undefined {
        return this.byId.get(operationId)
    }

    /** Whether the device's latest registration is not decided yet. */
    isAssigning(registrationId: string): boolean {
        const latest = this.latestOf.get(registrationId)
        return latest !== undefined && !latest.outcome
    }

    start(operation: RegistrationOperation): void {
        this.sweep()
        this.add(operation)
        this.touch(operation.operationId)
    }

    finish(operation: RegistrationOperation, outcome: RegistrationState): void {
        operation.outcome = outcome
        this.touch(operation.operationId)
    }

    private add(operation: RegistrationOperation): void {
        this.byId.set(operation.operationId, operation)
        this.latestOf.set(operation.registrationId, operation)
    }

    private touch(operationId: string): void {
        this.keeper.markChanged(`operation/${operationId}`, () => this.byId.get(operationId))
    }

    /** Forgets the oldest, for a map goes through its entries in the order of their making. */
    private sweep(): void {
        const before = this.clock.nowMs() - LIFE_MS
        for (const operation of this.byId.values()) {
            if (operation.dueAtMs > before || !operation.outcome) return
            const { operationId, registrationId } = operation
            this.byId.delete(operationId)
            if (this.latestOf.get(registrationId) === operation) this.latestOf.delete(registrationId)
            this.touch(operationId)
        }
    }
}
