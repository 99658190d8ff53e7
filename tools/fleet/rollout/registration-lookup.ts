// Finds the registration records of boards. It reads all records page by page or makes one call per board, whichever needs
// fewer calls.
import type { DpsApi, RegistrationRecord } from "../azure/index.js"
import { forEachConcurrent, flattenPages } from "../concurrency.js"

const CONCURRENT_LOOKUPS = 16
/** Assumed number of calls to read all records, before the first measurement. */
const INITIAL_PAGING_CALLS = 5

type OnRecord = (record: RegistrationRecord) => void

async function* toAsync(ids: string[]): AsyncGenerator<string> {
    yield* ids
}

export class RegistrationLookup {
    /** Number of calls of the latest search that read all records. */
    private pagingCalls = INITIAL_PAGING_CALLS

    constructor(private readonly dps: DpsApi) {}

    /**
     * Calls `onRecord` with the record of each of these boards that has one, in any order.
     * @throws CloudError; the reason of the aborted signal
     */
    async find(wanted: ReadonlySet<string>, onRecord: OnRecord): Promise<void> {
        if (wanted.size <= this.pagingCalls) return this.lookUp([...wanted], onRecord)
        const { client } = this.dps
        const callsBefore = client.calls
        const found = await this.readGroups(wanted, onRecord)
        this.pagingCalls = client.calls - callsBefore
        const remaining = new Set([...wanted].filter(id => !found.has(id)))
        if (remaining.size > 0) await this.readIndividuals(remaining, onRecord)
    }

    private async readGroups(wanted: ReadonlySet<string>, onRecord: OnRecord): Promise<Set<string>> {
        const found = new Set<string>()
        for await (const { id } of flattenPages(this.dps.groups()))
            for await (const record of flattenPages(this.dps.registrations(id))) {
                if (!wanted.has(record.registrationId)) continue
                found.add(record.registrationId)
                onRecord(record)
            }
        return found
    }

    /** Looks up the records of individual enrollments, because no query returns them (protocol-facts.md, 7). */
    private async readIndividuals(wanted: ReadonlySet<string>, onRecord: OnRecord): Promise<void> {
        const enrolled: string[] = []
        for await (const { id } of flattenPages(this.dps.individuals())) if (wanted.has(id)) enrolled.push(id)
        await this.lookUp(enrolled, onRecord)
    }

    private lookUp(ids: string[], onRecord: OnRecord): Promise<void> {
        return forEachConcurrent(toAsync(ids), CONCURRENT_LOOKUPS, async id => {
            const record = await this.dps.registration(id)
            if (record) onRecord(record)
        })
    }
}
