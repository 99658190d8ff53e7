import { SortedIds } from "../util/ordered-map.js"
import { type StateStore, type Snapshot, splitKey } from "../state/state-store.js"
import type { RegistrationState } from "./dps-bodies.js"

/** One device's registration, and what its next one will need to know. */
export interface Registration {
    state: RegistrationState
    /** The group it came through; none for an individual enrollment. */
    enrollmentGroupId?: string
    /** Hubs that it was assigned to before this one. */
    pastHubs: string[]
}

/** The registration records: made by registering, deleted by the operator, never changed otherwise (facts 3). */
export class Registrations {
    private readonly byId = new Map<string, Registration>()
    /** Registration IDs of each enrollment group. */
    private readonly byGroup = new Map<string, SortedIds>()

    constructor(private readonly keeper: StateStore) {}

    /** Takes up what an earlier process kept. */
    restore(kept: Snapshot): void {
        for (const [key, value] of kept) {
            const [kind, id] = splitKey(key)
            if (kind === "registration") this.add(id, value as Registration)
        }
    }

    get size(): number {
        return this.byId.size
    }

    get(registrationId: string): Registration | undefined {
        return this.byId.get(registrationId.toLowerCase())
    }

    put(registration: Registration): void {
        const { registrationId } = registration.state
        this.remove(registrationId)
        this.add(registrationId, registration)
        this.keeper.markChanged(`registration/${registrationId}`, () => this.byId.get(registrationId))
    }

    delete(registrationId: string): boolean {
        const id = registrationId.toLowerCase()
        this.keeper.markChanged(`registration/${id}`, () => this.byId.get(id))
        return this.remove(id)
    }

    /** Up to `count` records of a group, by ID, from the first after `id`. */
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
