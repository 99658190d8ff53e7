// Enrollments and registrations with Microsoft's client of the DPS service API.
import type { ProvisioningServiceClient } from "azure-iot-provisioning-service"
import { deriveDeviceKey } from "@moorage/protocol"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { HUBS, register, type RunningCloud, startCloud } from "./sdk.js"
import { DPS_HOST, provisioningService } from "./services.js"

let running: RunningCloud
let service: ProvisioningServiceClient

beforeAll(async () => {
    running = await startCloud()
    service = provisioningService(running)
})
afterAll(() => running.close())

type SdkIndividualEnrollment = Parameters<ProvisioningServiceClient["createOrUpdateIndividualEnrollment"]>[0]
type SdkEnrollmentGroup = Parameters<ProvisioningServiceClient["createOrUpdateEnrollmentGroup"]>[0]

const attestation = { type: "symmetricKey" } as SdkIndividualEnrollment["attestation"]

const individual = (registrationId: string, rest: object = {}) =>
    ({ registrationId, attestation, ...rest }) as SdkIndividualEnrollment
const group = (enrollmentGroupId: string, rest: object = {}): SdkEnrollmentGroup => ({
    enrollmentGroupId,
    attestation,
    provisioningStatus: "enabled",
    ...rest,
})

/** Reads all pages of a query. Returns the length of each page and the IDs of all items. */
async function readPages(
    query: ReturnType<ProvisioningServiceClient["createEnrollmentGroupQuery"]>,
    idField: string
) {
    const sizes: number[] = []
    const ids: string[] = []
    while (query.hasMoreResults) {
        // The promise variant needs the continuation token at each call.
        const items = (await query.next(query.continuationToken)).responseBody as unknown as Record<
            string,
            string
        >[]
        sizes.push(items.length)
        ids.push(...items.map(item => item[idField]))
    }
    return { sizes, ids }
}

describe("azure-iot-provisioning-service, individual enrollments", () => {
    test("are created with new keys, read, changed and deleted", async () => {
        const made = (
            await service.createOrUpdateIndividualEnrollment(
                individual("one", {
                    deviceId: "Device-One",
                    reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: false },
                    iotHubs: [HUBS[1]],
                    allocationPolicy: "static",
                })
            )
        ).responseBody
        expect(made.etag).toMatch(/^[A-Za-z0-9+/=]+$/)

        const read = (await service.getIndividualEnrollment("ONE")).responseBody
        expect(read).toMatchObject({
            registrationId: "one",
            deviceId: "Device-One",
            attestation: { type: "symmetricKey" },
            provisioningStatus: "enabled",
            reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: false },
            allocationPolicy: "static",
            iotHubs: [HUBS[1]],
            etag: made.etag,
        })
        expect(read.attestation.symmetricKey).toBeUndefined()

        const mechanism = (await service.getIndividualEnrollmentAttestationMechanism("one")).responseBody
        expect(Buffer.from(mechanism.symmetricKey?.primaryKey ?? "", "base64")).toHaveLength(64)

        const changed = (
            await service.createOrUpdateIndividualEnrollment({ ...read, provisioningStatus: "disabled" })
        ).responseBody
        expect(changed.provisioningStatus).toBe("disabled")
        expect(changed.etag).not.toBe(read.etag)
        expect(changed.createdDateTimeUtc).toBe(read.createdDateTimeUtc)
        // Keys that are missing in an update keep their values.
        expect((await service.getIndividualEnrollmentAttestationMechanism("one")).responseBody).toEqual(
            mechanism
        )

        await service.deleteIndividualEnrollment(changed)
        await expect(service.getIndividualEnrollment("one")).rejects.toMatchObject({ message: "Not found" })
    })

    test("register a device, and then contain its registration", async () => {
        await service.createOrUpdateIndividualEnrollment(individual("two", { deviceId: "dev-two" }))
        const mechanism = (await service.getIndividualEnrollmentAttestationMechanism("two")).responseBody
        const result = await register(running, "two", { key: mechanism.symmetricKey?.secondaryKey })
        expect(result.deviceId).toBe("dev-two")
        const read = (await service.getIndividualEnrollment("two")).responseBody
        expect(read.registrationState).toMatchObject({ status: "assigned", assignedHub: result.assignedHub })
    })

    test("with an old ETag are not changed: InvalidEtagError", async () => {
        const first = (await service.createOrUpdateIndividualEnrollment(individual("three"))).responseBody
        await service.createOrUpdateIndividualEnrollment(first)
        await expect(service.createOrUpdateIndividualEnrollment(first)).rejects.toMatchObject({
            name: "InvalidEtagError",
        })
        await expect(service.deleteIndividualEnrollment(first)).rejects.toMatchObject({
            name: "InvalidEtagError",
        })
    })

    test("are created and deleted in bulk, and failures are listed", async () => {
        // The client supports only the callback here. Its promise never settles.
        const run = (mode: "create" | "delete", ids: string[]) =>
            new Promise<{ isSuccessful: boolean; errors: object[] }>((resolve, reject) =>
                service.runBulkEnrollmentOperation(
                    { mode, enrollments: ids.map(id => individual(id)) },
                    (error, result) => (error ? reject(error) : resolve(result as never))
                )
            )
        expect(await run("create", ["bulk-1", "bulk-2"])).toEqual({ isSuccessful: true, errors: [] })
        const again = await run("create", ["bulk-2", "bulk-3"])
        expect(again.isSuccessful).toBe(false)
        expect(again.errors).toMatchObject([{ registrationId: "bulk-2", errorCode: 409000 }])
        expect(await run("delete", ["bulk-1", "bulk-2", "bulk-3"])).toMatchObject({ isSuccessful: true })
    })
})

describe("azure-iot-provisioning-service, enrollment groups", () => {
    test("register a device, with the group's twin, and list its registration", async () => {
        const initialTwin = { tags: { site: "north" }, properties: { desired: { telemetrySec: 30 } } }
        await service.createOrUpdateEnrollmentGroup(group("Fleet", { initialTwin }))
        const mechanism = (await service.getEnrollmentGroupAttestationMechanism("Fleet")).responseBody
        const key = deriveDeviceKey(mechanism.symmetricKey?.primaryKey ?? "", "fleet-1")
        const { assignedHub } = await register(running, "fleet-1", { key })
        const twin = running.cloud.hub(assignedHub).device("fleet-1")?.twin
        expect(twin?.tags.properties).toEqual({ site: "north" })
        expect(twin?.desired.properties).toEqual({ telemetrySec: 30 })
        expect((await service.getEnrollmentGroup("Fleet")).responseBody.initialTwin).toEqual(initialTwin)

        const query = service.createEnrollmentGroupDeviceRegistrationStateQuery({ query: "*" }, "Fleet")
        const listed = (await query.next()).responseBody
        expect(listed).toMatchObject([{ registrationId: "fleet-1", assignedHub, status: "assigned" }])
        expect(query.hasMoreResults).toBe(false)
    })

    test("registration records are read and deleted", async () => {
        const { assignedHub } = await register(running, "record-1")
        const record = (await service.getDeviceRegistrationState("Record-1")).responseBody
        expect(record).toMatchObject({
            registrationId: "record-1",
            assignedHub,
            substatus: "initialAssignment",
        })
        await service.deleteDeviceRegistrationState(record)
        await expect(service.getDeviceRegistrationState("record-1")).rejects.toMatchObject({
            message: "Not found",
        })
    })

    test("registration records are queried over several pages", async () => {
        const ids = ["page-1", "page-2", "page-3"]
        await service.createOrUpdateEnrollmentGroup(group("pages"))
        const { symmetricKey } = (await service.getEnrollmentGroupAttestationMechanism("pages")).responseBody
        for (const id of ids)
            await register(running, id, { key: deriveDeviceKey(symmetricKey?.primaryKey ?? "", id) })
        const query = service.createEnrollmentGroupDeviceRegistrationStateQuery({ query: "*" }, "pages", 2)
        expect(await readPages(query, "registrationId")).toEqual({ sizes: [2, 1], ids })
    })

    test("are queried over several pages, without keys", async () => {
        const before = (
            await readPages(service.createEnrollmentGroupQuery({ query: "*" }), "enrollmentGroupId")
        ).ids
        for (let i = 1; i <= 4; i++) await service.createOrUpdateEnrollmentGroup(group(`z-${i}`))
        const pages = await readPages(
            service.createEnrollmentGroupQuery({ query: "*" }, 3),
            "enrollmentGroupId"
        )
        expect(pages.sizes.length).toBeGreaterThan(1)
        expect(pages.sizes.slice(0, -1).every(size => size === 3)).toBe(true)
        expect(pages.ids).toEqual([...before, "z-1", "z-2", "z-3", "z-4"])
        await service.deleteEnrollmentGroup("z-1")
        await expect(service.getEnrollmentGroup("z-1")).rejects.toMatchObject({ message: "Not found" })
    })

    test("do not assign a device while they are disabled", async () => {
        const made = (await service.createOrUpdateEnrollmentGroup(group("off"))).responseBody
        const { symmetricKey } = (await service.getEnrollmentGroupAttestationMechanism("off")).responseBody
        await service.createOrUpdateEnrollmentGroup({ ...made, provisioningStatus: "disabled" })
        const key = deriveDeviceKey(symmetricKey?.primaryKey ?? "", "off-1")
        await expect(register(running, "off-1", { key })).rejects.toThrow()
    })
})

test("azure-iot-provisioning-service with a wrong key is refused", async () => {
    const key = Buffer.alloc(32, 9).toString("base64")
    const text = `HostName=${DPS_HOST};SharedAccessKeyName=provisioningserviceowner;SharedAccessKey=${key}`
    await expect(provisioningService(running, text).getEnrollmentGroup("sdk")).rejects.toMatchObject({
        name: "UnauthorizedError",
    })
})
