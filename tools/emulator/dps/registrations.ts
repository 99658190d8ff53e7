import { SortedIds } from "../util/ordered-map.js"
import { type StateStore, type Snapshot, splitKey } from "../state/state-store.js"
import type { RegistrationState } from "./dps-bodies.js"

/** The registration record of one device. */
export interface Registration {
    state: RegistrationState
    /** The enrollment group. Undefined for an individual enrollment. */
    enrollmentGroupId?: string
    /** The earlier hubs of the device. They determine the substatus of the next assignment. */
    pastHubs: string[]
}

/** The registration records. Devices create them, and only the operator deletes them (protocol-facts.md, 3). */
export class Registrations {
    private readonly byId = new Map<string, Registration>()
    /** Registration IDs of each enrollment group. */
    private readonly byGroup = new Map<string, SortedIds>()

    constructor(private readonly stateStore: StateStore) {}

    /** Restores the state of an earlier process. */
    restore(snapshot: Snapshot): void {
        for (const [key, value] of snapshot) {
            const [kind, id] = splitKey(key)
            if (kind === "registration") this.add(id, value as Registration)
        }
    }

    get size(): number {
        return this.byId.size
    }

    /** Returns the record of a registration ID in any case, or undefined. */
    get(registrationId: string): Registration | undefined {
        return this.byId.get(registrationId.toLowerCase())
    }

    /** Adds or replaces a record. */
    put(registration: Registration): void {
        const { registrationId } = registration.state
        this.remove(registrationId)
        this.add(registrationId, registration)
        this.stateStore.markChanged(`registration/${registrationId}`, () => this.byId.get(registrationId))
    }

    /** Deletes a record. @returns whether it existed */
    delete(registrationId: string): boolean {
        const id = registrationId.toLowerCase()
        this.stateStore.markChanged(`registration/${id}`, () => this.byId.get(id))
        return this.remove(id)
    }

    /** Returns up to `count` records of a group in the order of their IDs, from the first after `id`. */
    ofGroup(enrollmentGroupId: string, id: string | undefined, count: number): RegistrationState[] {
        const ids = this.byGroup.get(enrollmentGroupId.toLowerCase())?.after(id, count) ?? []
        return ids.map(each => (this.byId.get(each) as Registration).state)
    }

    private add(id: string, registration: Registration): void {
        this.byId.set(id, registration)
        const group = registration.enrollmentGroupId?.toLowerCase()
        if (group === undefined) return
        let ids = this.byGroup.get(group)
        if (!ids) this.byGroup.set(group, (ids = new SortedIds()))
        ids.add(id)
    }

    private remove(id: string): boolean {
        const group = this.byId.get(id)?.enrollmentGroupId?.toLowerCase()
        if (group !== undefined) this.byGroup.get(group)?.delete(id)
        return this.byId.delete(id)
    }
}
