import { parseJson, ignoreNotFound, queryPages, type ServiceClient } from "./service-client.js"

/** DPS service API (facts 7). */
const API_VERSION = "2021-10-01"
const PAGE_MAX = 1000

/** An enrollment group or an individual enrollment, as far as it is looked at. */
export interface EnrollmentRecord {
    id: string
    isEnabled: boolean
    allocationPolicy?: string
}

/** A registration record, as far as it is looked at. */
export interface RegistrationRecord {
    registrationId: string
    deviceId?: string
    assignedHub?: string
    status: string
    errorCode?: number
    errorMessage?: string
    /** NaN when there is none. */
    createdMs: number
    /** NaN when there is none. */
    updatedMs: number
}

type Item = Record<string, unknown>

const textOf = (value: unknown) => (typeof value === "string" ? value : undefined)

function enrollmentOf(item: Item, idField: string): EnrollmentRecord {
    return {
        id: textOf(item[idField]) ?? "",
        isEnabled: item.provisioningStatus !== "disabled",
        allocationPolicy: textOf(item.allocationPolicy),
    }
}

function registrationOf(item: Item): RegistrationRecord {
    const { errorCode } = item
    return {
        registrationId: textOf(item.registrationId) ?? "",
        deviceId: textOf(item.deviceId),
        assignedHub: textOf(item.assignedHub)?.toLowerCase(),
        status: textOf(item.status) ?? "unknown",
        errorCode: typeof errorCode === "number" ? errorCode : undefined,
        errorMessage: textOf(item.errorMessage),
        createdMs: Date.parse(textOf(item.createdDateTimeUtc) ?? ""),
        updatedMs: Date.parse(textOf(item.lastUpdatedDateTimeUtc) ?? ""),
    }
}

/** The service API of a DPS instance, as far as a fleet is watched and moved by it. All throw CloudError. */
export class DpsApi {
    constructor(readonly client: ServiceClient) {}

    get hostName(): string {
        return this.client.access.hostName
    }

    groups(): AsyncGenerator<EnrollmentRecord[]> {
        return this.pages("/enrollmentGroups/query", item => enrollmentOf(item, "enrollmentGroupId"))
    }

    individuals(): AsyncGenerator<EnrollmentRecord[]> {
        return this.pages("/enrollments/query", item => enrollmentOf(item, "registrationId"))
    }

    /** The registrations that came by an enrollment group. */
    registrations(groupId: string): AsyncGenerator<RegistrationRecord[]> {
        return this.pages(`/registrations/${encodeURIComponent(groupId)}/query`, registrationOf)
    }

    /** One device's registration record, or undefined when there is none. */
    async registration(registrationId: string): Promise<RegistrationRecord | undefined> {
        const found = await ignoreNotFound(this.one("GET", registrationId))
        return found && registrationOf(parseJson(found, this.hostName) as Item)
    }

    /** @returns whether there was a record to delete */
    async deleteRegistration(registrationId: string): Promise<boolean> {
        return (await ignoreNotFound(this.one("DELETE", registrationId))) !== undefined
    }

    private one(method: string, registrationId: string) {
        const path = `/registrations/${encodeURIComponent(registrationId)}`
        return this.client.send({ method, path, apiVersion: API_VERSION })
    }

    private async *pages<T>(path: string, read: (item: Item) => T): AsyncGenerator<T[]> {
        const asked = { path, apiVersion: API_VERSION, query: "*" }
        for await (const page of queryPages(this.client, asked, PAGE_MAX)) yield page.map(read)
    }
}
