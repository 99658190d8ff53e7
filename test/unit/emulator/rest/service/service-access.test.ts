// Access to the service APIs: tokens, policies, hosts and routes.
import { describe, expect, test } from "vitest"
import {
    callService,
    callHub,
    DPS_HOST,
    HUB_HOST,
    newWorld,
    OWNER,
    OWNER_KEY,
    serviceToken,
    send,
    settle,
    type ServiceWorld,
} from "../../../../helpers/service-call.js"

const GET_GROUP = "GET /enrollmentGroups/g"
const wrongKey = Buffer.alloc(32, 9).toString("base64")

describe("a request is refused with 401", () => {
    const refused: [string, (world: ServiceWorld) => string][] = [
        ["without a token", () => ""],
        ["with a token of another kind", () => "Bearer abc"],
        ["with a wrong key", world => serviceToken(world, DPS_HOST, wrongKey)],
        ["with an unknown policy", world => serviceToken(world, DPS_HOST, OWNER_KEY, "nobody")],
        ["with an expired token", world => serviceToken(world, DPS_HOST, OWNER_KEY, "owner", -1)],
        ["with a token for another host", world => serviceToken(world, HUB_HOST)],
        ["with a token for another resource", world => serviceToken(world, `${DPS_HOST}/enrollments`)],
    ]

    test.each(refused)("%s", async (_how, token) => {
        const world = newWorld()
        const reply = await callService(world, { route: GET_GROUP, authorization: token(world) })
        expect(reply).toMatchObject({ status: 401, body: { errorCode: 401002, message: "Unauthorized" } })
        expect(reply.headers["x-ms-error-code"]).toBe("401002")
    })

    test("and the answer contains neither a key nor a token", async () => {
        const world = newWorld()
        const authorization = serviceToken(world, DPS_HOST, wrongKey)
        const reply = await callService(world, { route: GET_GROUP, authorization })
        const answers = JSON.stringify([reply, world.cloud.history])
        expect(answers).not.toContain(authorization)
        expect(answers).not.toContain(OWNER_KEY)
    })

    test("if its policy lacks the permission; a write permission includes reading", async () => {
        const world = newWorld({ dpsPolicies: [{ ...OWNER, permissions: ["EnrollmentWrite"] }] })
        expect((await callService(world, { route: GET_GROUP })).status).toBe(200)
        expect((await callService(world, { route: "GET /registrations/d" })).status).toBe(401)
        const reader = newWorld({ dpsPolicies: [{ ...OWNER, permissions: ["EnrollmentRead"] }] })
        expect((await callService(reader, { route: GET_GROUP })).status).toBe(200)
        expect((await callService(reader, { route: "DELETE /enrollmentGroups/g" })).status).toBe(401)
    })

    test("by a hub, in the format of a hub", async () => {
        const reply = await callHub(newWorld(), { route: "GET /devices/d", authorization: "" })
        expect(reply.body.Message).toBe("ErrorCode:IotHubUnauthorizedAccess;Unauthorized")
        expect(reply.headers["iothub-errorcode"]).toBe("IotHubUnauthorizedAccess")
    })
})

test("a token for the requested resource is sufficient, and so is the secondary key", async () => {
    const secondaryKey = Buffer.alloc(32, 4).toString("base64")
    const world = newWorld({ dpsPolicies: [{ ...OWNER, secondaryKey }] })
    const authorization = serviceToken(world, `${DPS_HOST}/enrollmentGroups`, secondaryKey)
    expect((await callService(world, { route: GET_GROUP, authorization })).status).toBe(200)
})

test("a service without configured policies has the policies of a new service, with its own keys", async () => {
    const world = newWorld({ dpsPolicies: undefined })
    expect((await callService(world, { route: GET_GROUP })).status).toBe(401)
    const [policy] = world.cloud.dpsAccess.policies
    expect(policy.keyName).toBe("provisioningserviceowner")
    const authorization = serviceToken(world, DPS_HOST, policy.primaryKey, policy.keyName)
    expect((await callService(world, { route: GET_GROUP, authorization })).status).toBe(200)
})

describe("the Host header", () => {
    test("of the global device endpoint, localhost or an IP address selects the device API", async () => {
        for (const host of ["global.azure-devices-provisioning.net", "localhost:8443", "127.0.0.1"])
            expect((await callService(newWorld(), { host, route: GET_GROUP })).body.errorCode).toBe(404000)
    })

    test("may have a port and capitals", async () => {
        const world = newWorld()
        const authorization = serviceToken(world, DPS_HOST)
        const host = "TEST.Azure-Devices-Provisioning.net:8443"
        expect((await callService(world, { host, route: GET_GROUP, authorization })).status).toBe(200)
    })

    test("of an unknown hub gets 404 IotHubNotFound", async () => {
        const reply = await callService(newWorld(), {
            host: "none.azure-devices.net",
            route: "GET /devices/d",
        })
        expect(reply.status).toBe(404)
        expect(reply.body.Message).toMatch(/^ErrorCode:IotHubNotFound;/)
    })
})

describe("a request", () => {
    test("for an unknown resource gets 404, and with a wrong method 405", async () => {
        expect((await callService(newWorld(), { route: "GET /nothing" })).body.errorCode).toBe(404000)
        expect((await callService(newWorld(), { route: "PATCH /enrollments/a" })).status).toBe(405)
    })

    test("without api-version or with a malformed path or body gets 400", async () => {
        expect((await callService(newWorld(), { route: `${GET_GROUP}?x=1` })).status).toBe(400)
        expect((await callService(newWorld(), { route: "GET /enrollments/%E0%A4" })).status).toBe(400)
        expect((await callService(newWorld(), { route: "PUT /enrollments/a", body: "text" })).status).toBe(
            400
        )
        expect((await callService(newWorld(), { route: "PUT /enrollments/a" })).status).toBe(400)
    })

    test("with a fault gets the status of the fault, in the format of the service", async () => {
        const world = newWorld()
        world.cloud.faultOverride = point =>
            point.service === HUB_HOST ? { status: 429, retryAfterSec: 7 } : undefined
        const reply = await callHub(world, { route: "GET /devices/d" })
        expect(reply).toMatchObject({ status: 429, headers: { "retry-after": "7" } })
        expect(reply.body.Message).toMatch(/^ErrorCode:ThrottlingException;/)
        expect((await callService(world, { route: GET_GROUP })).status).toBe(200)
    })

    test("to an unavailable hub gets 503", async () => {
        const world = newWorld()
        world.cloud.hub(HUB_HOST).setAvailable(false)
        expect((await callHub(world, { route: "GET /devices" })).status).toBe(503)
    })

    test("is answered after the previous request of the connection", async () => {
        const world = newWorld()
        world.cloud.hub(HUB_HOST).putDevice("d", [OWNER_KEY])
        const method = JSON.stringify({ methodName: "m", connectTimeoutInSeconds: 1 })
        const next = `GET /devices/d?api-version=1 HTTP/1.1\r\nHost: ${HUB_HOST}\r\nAuthorization: ${serviceToken(world, HUB_HOST)}\r\n\r\n`
        const received = send(world, {
            host: HUB_HOST,
            route: "POST /twins/d/methods",
            // The body of the first request, followed by the second request.
            headers: { "Content-Length": String(method.length), Connection: "keep-alive" },
            raw: method + next,
        })
        await settle(world, () => received().split("HTTP/1.1 ").length > 2, 2000)
        expect(received().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 404", "HTTP/1.1 200"])
    })
})
