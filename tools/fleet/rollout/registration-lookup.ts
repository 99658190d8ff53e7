// Which boards have a registration record, asked for the cheaper way: all records page by page, or each by itself.
import type { DpsApi, RegistrationRecord } from "../azure/index.js"
import { forEachConcurrent, flattenPages } from "../concurrency.js"

const LOOK_UPS_AT_ONCE = 16
/** As long as it is not known what paging costs. */
const LOOK_UPS_MIN = 5

type OnRecord = (record: RegistrationRecord) => void

async function* listOf(ids: string[]): AsyncGenerator<string> {
    yield* ids
}

export class RegistrationLookup {
    /** Calls of the last look that read all records. */
    private pagingCalls = LOOK_UPS_MIN

    constructor(private readonly dps: DpsApi) {}

    /**
     * The records that there are of these boards, in no order.
     * @throws CloudError; what the services' signal was aborted with
     */
    async find(wanted: ReadonlySet<string>, onRecord: OnRecord): Promise<void> {
        if (wanted.size <= this.pagingCalls) return this.lookUp([...wanted], onRecord)
        const { client } = this.dps
        const callsBefore = client.calls
        const found = await this.page(wanted, onRecord)
        this.pagingCalls = client.calls - callsBefore
        const rest = new Set([...wanted].filter(id => !found.has(id)))
        if (rest.size > 0) await this.individuals(rest, onRecord)
    }

    private async page(wanted: ReadonlySet<string>, onRecord: OnRecord): Promise<Set<string>> {
        const found = new Set<string>()
        for await (const { id } of flattenPages(this.dps.groups()))
            for await (const record of flattenPages(this.dps.registrations(id))) {
                if (!wanted.has(record.registrationId)) continue
                found.add(record.registrationId)
                onRecord(record)
            }
        return found
    }

    /** Records of individual enrollments are in no query (facts 7): those who have one are asked for one by one. */
    private async individuals(wanted: ReadonlySet<string>, onRecord: OnRecord): Promise<void> {
        const enrolled: string[] = []
        for await (const { id } of flattenPages(this.dps.individuals())) if (wanted.has(id)) enrolled.push(id)
        await this.lookUp(enrolled, onRecord)
    }

    private lookUp(ids: string[], onRecord: OnRecord): Promise<void> {
        return forEachConcurrent(listOf(ids), LOOK_UPS_AT_ONCE, async id => {
            const record = await this.dps.registration(id)
            if (record) onRecord(record)
        })
    }
}
