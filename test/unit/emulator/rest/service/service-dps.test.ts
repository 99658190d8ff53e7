// The DPS service API: enrollments, bulk operations and queries.
import { describe, expect, test } from "vitest"
import { callService, GROUP_KEY, newWorld, type ServiceWorld } from "../../../../helpers/service-call.js"

const KEY = Buffer.alloc(32, 2).toString("base64")
const symmetric = (symmetricKey?: object) => ({ attestation: { type: "symmetricKey", symmetricKey } })

const webhook = (webhookUrl: string) => ({
    allocationPolicy: "custom",
    customAllocationDefinition: { webhookUrl, apiVersion: "2021-10-01" },
})

function put(world: ServiceWorld, id: string, body: object, headers: Record<string, string> = {}) {
    return callService(world, { route: `PUT /enrollments/${id}`, body, headers })
}

describe("a PUT of an enrollment", () => {
    test("without If-Match gets 409 if the enrollment exists", async () => {
        const world = newWorld()
        expect((await put(world, "a", symmetric())).status).toBe(200)
        expect(await put(world, "a", symmetric())).toMatchObject({ status: 409, body: { errorCode: 409000 } })
    })

    test("with If-Match gets 412 for another version and succeeds for *, with or without quotes", async () => {
        const world = newWorld()
        const { etag } = (await put(world, "a", symmetric())).body
        expect((await put(world, "a", symmetric(), { "If-Match": "bm90IHRoaXM=" })).status).toBe(412)
        expect((await put(world, "a", symmetric(), { "If-Match": `"${etag}"` })).status).toBe(200)
        expect((await put(world, "a", symmetric(), { "If-Match": etag })).status).toBe(412)
        expect((await put(world, "a", symmetric(), { "If-Match": "*" })).status).toBe(200)
    })

    test.each([["geoLatency"], ["hashed"], ["static"]])(
        "has the allocation policy %s",
        async allocationPolicy => {
            const world = newWorld()
            await put(world, "a", { ...symmetric(), allocationPolicy })
            expect((await callService(world, { route: "GET /enrollments/a" })).body).toMatchObject({
                allocationPolicy,
            })
        }
    )

    test("returns the webhook of custom allocation", async () => {
        const world = newWorld()
        const custom = webhook("https://example.com/api/allocate?code=1")
        await put(world, "a", { ...symmetric(), ...custom })
        expect((await callService(world, { route: "GET /enrollments/a" })).body).toMatchObject(custom)
    })

    test("with If-Match gets 404 if the enrollment does not exist", async () => {
        expect((await put(newWorld(), "a", symmetric(), { "If-Match": "*" })).status).toBe(404)
    })

    test.each([
        ["no attestation", {}],
        ["a key that is too short", symmetric({ primaryKey: "c2hvcnQ=" })],
        ["a key that is not Base64", symmetric({ primaryKey: "!".repeat(44) })],
        ["attestation by certificate", { attestation: { type: "x509" } }],
        ["a hub that is not linked", { ...symmetric(), iotHubs: ["other.azure-devices.net"] }],
        [
            "an incomplete reprovision policy",
            { ...symmetric(), reprovisionPolicy: { migrateDeviceData: true } },
        ],
        ["an unknown allocation", { ...symmetric(), allocationPolicy: "nearest" }],
        ["custom allocation without a webhook", { ...symmetric(), allocationPolicy: "custom" }],
        ["a webhook that is not a URL", { ...symmetric(), ...webhook("ftp://x") }],
        ["an unknown status", { ...symmetric(), provisioningStatus: "on" }],
        ["another ID in the body", { ...symmetric(), registrationId: "b" }],
        ["a list for a twin", { ...symmetric(), initialTwin: [] }],
    ])("with %s is 400, and nothing is kept", async (_what, body) => {
        const world = newWorld()
        const reply = await put(world, "a", body)
        expect(reply.status).toBe(400)
        expect(reply.body).toMatchObject({ errorCode: 400004, trackingId: expect.any(String) })
        expect(reply.body.message).not.toBe("")
        expect((await callService(world, { route: "GET /enrollments/a" })).status).toBe(404)
    })

    test("with a malformed registration ID gets 400", async () => {
        expect((await put(newWorld(), "a%20b", symmetric())).status).toBe(400)
        expect((await put(newWorld(), "ends.", symmetric())).status).toBe(400)
    })

    test("keeps a given key, which no GET or query returns", async () => {
        const world = newWorld()
        await put(world, "a", symmetric({ primaryKey: KEY }))
        const one = await callService(world, { route: "GET /enrollments/A" })
        const all = await callService(world, { route: "POST /enrollments/query", body: { query: "*" } })
        expect(JSON.stringify([one.body, all.body])).not.toContain(KEY)
        expect(all.body).toMatchObject([{ registrationId: "a", attestation: { type: "symmetricKey" } }])
        const { body } = await callService(world, { route: "POST /EnrollMents/a/AttestationMechanism" })
        expect(body.symmetricKey.primaryKey).toBe(KEY)
        expect(body.symmetricKey.secondaryKey).toHaveLength(88)
    })

    test("with iotHubHostName allocates that hub", async () => {
        const world = newWorld({
            hubs: [{ hostName: "x.azure-devices.net" }, { hostName: "y.azure-devices.net" }],
        })
        const { body } = await put(world, "a", { ...symmetric(), iotHubHostName: "Y.azure-devices.net" })
        expect(body).toMatchObject({ allocationPolicy: "static", iotHubs: ["y.azure-devices.net"] })
    })
})

describe("a group from the configuration", () => {
    test("has a stable ETag, and can be changed with it", async () => {
        const world = newWorld()
        const first = (await callService(world, { route: "GET /enrollmentGroups/G" })).body
        expect((await callService(world, { route: "GET /enrollmentgroups/g/" })).body).toEqual(first)
        const body = { ...first, provisioningStatus: "disabled" }
        const headers = { "If-Match": first.etag }
        const changed = await callService(world, { route: "PUT /enrollmentGroups/g", body, headers })
        expect(changed.body).toMatchObject({ enrollmentGroupId: "g", provisioningStatus: "disabled" })
        const { symmetricKey } = (
            await callService(world, { route: "POST /enrollmentGroups/g/attestationmechanism" })
        ).body
        expect(symmetricKey.primaryKey).toBe(GROUP_KEY)
    })

    test("is deleted with 204 and without a body, then GET gets 404", async () => {
        const world = newWorld()
        const gone = await callService(world, { route: "DELETE /enrollmentGroups/g" })
        expect(gone).toMatchObject({ status: 204, body: undefined })
        expect(gone.headers["content-length"]).toBeUndefined()
        expect(await callService(world, { route: "GET /enrollmentGroups/g" })).toMatchObject({
            status: 404,
            body: { errorCode: 404202 },
        })
    })

    test("accepts one to ten items in a bulk operation", async () => {
        const world = newWorld()
        const groups = (count: number) =>
            Array.from({ length: count }, (_, i) => ({ enrollmentGroupId: `b${i}`, ...symmetric() }))
        const bulk = (mode: string, count: number) =>
            callService(world, {
                route: "POST /enrollmentGroups",
                body: { mode, enrollmentGroups: groups(count) },
            })
        expect((await bulk("create", 11)).status).toBe(400)
        expect((await bulk("create", 0)).status).toBe(400)
        expect((await bulk("replace", 1)).status).toBe(400)
        expect((await bulk("create", 10)).body).toEqual({ isSuccessful: true, errors: [] })
        const late = await bulk("updateIfMatchETag", 1)
        expect(late.body.errors).toMatchObject([{ enrollmentGroupId: "b0", errorCode: 400004 }])
    })
})

describe("a query", () => {
    const query = (world: ServiceWorld, headers: Record<string, string>, text = "*") =>
        callService(world, { route: "POST /enrollments/query", body: { query: text }, headers })

    async function threeEnrollments() {
        const world = newWorld()
        for (const id of ["c", "a", "b"]) await put(world, id, symmetric())
        return world
    }

    test.each(["0", "-1", "1.5", "many"])("with x-ms-max-item-count %s gets 400", async count => {
        expect((await query(newWorld(), { "x-ms-max-item-count": count })).status).toBe(400)
    })

    test("has no continuation after a last page that is full", async () => {
        const world = await threeEnrollments()
        const reply = await query(world, { "x-ms-max-item-count": "3" })
        expect(reply.body).toHaveLength(3)
        expect(reply.headers["x-ms-continuation"]).toBeUndefined()
        expect(reply.headers["x-ms-max-item-count"]).toBe("3")
    })

    test("continues after the last item even if that item was deleted", async () => {
        const world = await threeEnrollments()
        const first = await query(world, { "x-ms-max-item-count": "2" })
        await callService(world, { route: "DELETE /enrollments/b" })
        const continuation = { "x-ms-continuation": first.headers["x-ms-continuation"] }
        const second = await query(world, continuation)
        const ids = [...first.body, ...second.body].map(item => item.registrationId)
        expect(ids).toEqual(["a", "b", "c"])
    })

    test("with an unknown continuation gets 400", async () => {
        expect((await query(newWorld(), { "x-ms-continuation": "AAAA" })).status).toBe(400)
    })

    test("for all items has three forms, and any other query gets 400", async () => {
        const world = await threeEnrollments()
        for (const text of ["*", "", "select * from Enrollments"])
            expect((await query(world, {}, text)).body).toHaveLength(3)
        expect((await query(world, {}, "SELECT * FROM enrollments WHERE a = 1")).status).toBe(400)
        expect((await query(world, {}, "SELECT * FROM devices")).status).toBe(400)
    })

    test("for the registrations of an unknown group gets 404", async () => {
        expect((await callService(newWorld(), { route: "POST /registrations/none/query" })).status).toBe(404)
    })
})
