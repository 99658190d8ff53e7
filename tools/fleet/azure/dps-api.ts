// The service API of DPS (protocol-facts.md, 7).
import { ignoreNotFound, parseJson, queryPages, type ServiceClient } from "./service-client.js"

const API_VERSION = "2021-10-01"
const PAGE_MAX = 1000

/** The fields of an enrollment group or an individual enrollment that the host tool uses. */
export interface EnrollmentRecord {
    id: string
    isEnabled: boolean
    allocationPolicy?: string
}

/** The fields of a registration record that the host tool uses. */
export interface RegistrationRecord {
    registrationId: string
    deviceId?: string
    assignedHub?: string
    status: string
    errorCode?: number
    errorMessage?: string
    /** NaN if the record has no creation time. */
    createdMs: number
    /** NaN if the record has no update time. */
    updatedMs: number
}

type Item = Record<string, unknown>

const stringOrUndefined = (value: unknown) => (typeof value === "string" ? value : undefined)

function parseEnrollment(item: Item, idField: string): EnrollmentRecord {
    return {
        id: stringOrUndefined(item[idField]) ?? "",
        isEnabled: item.provisioningStatus !== "disabled",
        allocationPolicy: stringOrUndefined(item.allocationPolicy),
    }
}

function parseRegistration(item: Item): RegistrationRecord {
    const { errorCode } = item
    return {
        registrationId: stringOrUndefined(item.registrationId) ?? "",
        deviceId: stringOrUndefined(item.deviceId),
        assignedHub: stringOrUndefined(item.assignedHub)?.toLowerCase(),
        status: stringOrUndefined(item.status) ?? "unknown",
        errorCode: typeof errorCode === "number" ? errorCode : undefined,
        errorMessage: stringOrUndefined(item.errorMessage),
        createdMs: Date.parse(stringOrUndefined(item.createdDateTimeUtc) ?? ""),
        updatedMs: Date.parse(stringOrUndefined(item.lastUpdatedDateTimeUtc) ?? ""),
    }
}

/** The calls of a DPS instance that monitoring, roll-out and reprovisioning need. All methods throw CloudError. */
export class DpsApi {
    constructor(readonly client: ServiceClient) {}

    get hostName(): string {
        return this.client.access.hostName
    }

    /** Yields all enrollment groups, page by page. */
    groups(): AsyncGenerator<EnrollmentRecord[]> {
        return this.pages("/enrollmentGroups/query", item => parseEnrollment(item, "enrollmentGroupId"))
    }

    /** Yields all individual enrollments, page by page. */
    individuals(): AsyncGenerator<EnrollmentRecord[]> {
        return this.pages("/enrollments/query", item => parseEnrollment(item, "registrationId"))
    }

    /** Yields the registration records of an enrollment group, page by page. */
    registrations(groupId: string): AsyncGenerator<RegistrationRecord[]> {
        return this.pages(`/registrations/${encodeURIComponent(groupId)}/query`, parseRegistration)
    }

    /** Returns the registration record of one device, or undefined if it has none. */
    async registration(registrationId: string): Promise<RegistrationRecord | undefined> {
        const response = await ignoreNotFound(this.callRegistration("GET", registrationId))
        return response && parseRegistration(parseJson(response, this.hostName) as Item)
    }

    /** Deletes the registration record of one device. @returns whether it had a record */
    async deleteRegistration(registrationId: string): Promise<boolean> {
        return (await ignoreNotFound(this.callRegistration("DELETE", registrationId))) !== undefined
    }

    private callRegistration(method: string, registrationId: string) {
        const path = `/registrations/${encodeURIComponent(registrationId)}`
        return this.client.send({ method, path, apiVersion: API_VERSION })
    }

    private async *pages<T>(path: string, parse: (item: Item) => T): AsyncGenerator<T[]> {
        const query = { path, apiVersion: API_VERSION, query: "*" }
        for await (const page of queryPages(this.client, query, PAGE_MAX)) yield page.map(parse)
    }
}
