import type { Clock } from "@moorage/runtime"
import { type StateStore, type Snapshot, splitKey } from "../state/state-store.js"
import type { RegistrationState } from "./dps-bodies.js"

/** A registration that is in progress or decided. */
export interface RegistrationOperation {
    operationId: string
    registrationId: string
    /** The enrollment group that authenticated the device. */
    enrollmentGroupId?: string
    beganAtMs: number
    /** The earliest end of `assigning`. */
    dueAtMs: number
    /** The payload of the register request. */
    payload?: unknown
    /** Set when the registration is decided. */
    outcome?: RegistrationState
}

/** The time that a device can poll a decided operation. */
const LIFETIME_MS = 3_600_000

/** The operations that devices can poll. */
export class RegistrationOperations {
    private readonly byId = new Map<string, RegistrationOperation>()
    /** The latest operation of each registration ID. */
    private readonly latestOf = new Map<string, RegistrationOperation>()

    constructor(
        private readonly clock: Clock,
        private readonly stateStore: StateStore
    ) {}

    /** Restores the state of an earlier process. @returns the operations that are not decided yet */
    restore(snapshot: Snapshot): RegistrationOperation[] {
        for (const [key, value] of snapshot)
            if (splitKey(key)[0] === "operation") this.add(value as RegistrationOperation)
        return [...this.byId.values()].filter(operation => !operation.outcome)
    }

    /** Returns the operation, or undefined if it is unknown or too old. */
    get(operationId: string): RegistrationOperation | undefined {
        return this.byId.get(operationId)
    }

    /** Returns whether the latest registration of the device is not decided yet. */
    isAssigning(registrationId: string): boolean {
        const latest = this.latestOf.get(registrationId)
        return latest !== undefined && !latest.outcome
    }

    /** Adds an operation that is in progress, and deletes old operations. */
    start(operation: RegistrationOperation): void {
        this.deleteOld()
        this.add(operation)
        this.markChanged(operation.operationId)
    }

    /** Records the outcome of an operation. */
    finish(operation: RegistrationOperation, outcome: RegistrationState): void {
        operation.outcome = outcome
        this.markChanged(operation.operationId)
    }

    private add(operation: RegistrationOperation): void {
        this.byId.set(operation.operationId, operation)
        this.latestOf.set(operation.registrationId, operation)
    }

    private markChanged(operationId: string): void {
        this.stateStore.markChanged(`operation/${operationId}`, () => this.byId.get(operationId))
    }

    /** Deletes old operations. A Map iterates in the order of insertion, so the oldest operations come first. */
    private deleteOld(): void {
        const before = this.clock.nowMs() - LIFETIME_MS
        for (const operation of this.byId.values()) {
            if (operation.dueAtMs > before || !operation.outcome) return
            const { operationId, registrationId } = operation
            this.byId.delete(operationId)
            if (this.latestOf.get(registrationId) === operation) this.latestOf.delete(registrationId)
            this.markChanged(operationId)
        }
    }
}
