// Tests the clients of the service APIs: settings, keys, rate limit, retries, and calls to an emulator.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { DOCUMENTED_QUOTAS, type Emulator, startEmulator } from "@moorage/emulator"
import { ManualClock, realClock, realRandom, seededRandom } from "@moorage/runtime"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { cardOf } from "../../../../tools/cli/emulate/connection-card.js"
import { parseConnectionString, ServiceAccess } from "../../../../tools/fleet/azure/service-access.js"
import { ServiceClient } from "../../../../tools/fleet/azure/service-client.js"
import type { Https, HttpsResponse } from "../../../../tools/fleet/azure/https.js"
import {
    parseHostAddress,
    CloudError,
    resolveCloudSettings,
    openServices,
    RateLimiter,
} from "../../../../tools/fleet/azure/index.js"
import { provisioningService } from "../../../conformance/services.js"
import type { RunningCloud } from "../../../conformance/sdk.js"
import { register } from "../../../helpers/registered-devices.js"

const KEY = Buffer.alloc(32, 7).toString("base64")
const CONNECTION = `HostName=acme.azure-devices-provisioning.net;SharedAccessKeyName=owner;SharedAccessKey=${KEY}`
const HUB_CONNECTION = `HostName=East.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=${KEY}`

let dir: string
beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-cloud-"))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function file(name: string, text: string): string {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
}

describe("the cloud settings", () => {
    test("come from the environment variables of Microsoft's samples", () => {
        const settings = resolveCloudSettings(
            {},
            {
                PROVISIONING_CONNECTION_STRING: CONNECTION,
                IOTHUB_CONNECTION_STRING: HUB_CONNECTION,
                PROVISIONING_IDSCOPE: "0ne1",
            }
        )
        expect(settings.dps).toMatchObject({
            hostName: "acme.azure-devices-provisioning.net",
            policy: "owner",
        })
        expect(settings.hubs.map(({ hostName }) => hostName)).toEqual(["east.azure-devices.net"])
        expect(settings).toMatchObject({
            idScope: "0ne1",
            deviceHost: "global.azure-devices-provisioning.net",
        })
        expect(settings.connect).toBeUndefined()
    })

    test("of a profile ignore the environment, and options override the profile", () => {
        file("dps.key", `${KEY}\n`)
        const profile = file(
            "acme.yaml",
            [
                "dps: { hostName: dev.azure-devices-provisioning.net, policy: reader, keyFile: dps.key }",
                "connect: 127.0.0.1:8443",
            ].join("\n")
        )
        const env = { IOTHUB_CONNECTION_STRING: HUB_CONNECTION }
        const settings = resolveCloudSettings({ profile }, env)
        expect(settings).toMatchObject({
            dps: { policy: "reader" },
            hubs: [],
            connect: { host: "127.0.0.1", port: 8443 },
        })
        const connectionString = `@${file("dps.txt", CONNECTION)}`
        expect(resolveCloudSettings({ profile, connectionString }, env).dps?.policy).toBe("owner")
        const dps = "other.azure-devices-provisioning.net"
        expect(resolveCloudSettings({ profile, connectionString, dps }, env).dps?.hostName).toBe(dps)
    })

    test.each([
        ["a host without a connection string", { dps: "a.b" }, /--dps has no key/],
        [
            "a connection string without a key",
            { connectionString: "HostName=a.b;SharedAccessKeyName=x" },
            /SharedAccessKey is missing/,
        ],
        [
            "a device's connection string",
            { connectionString: `HostName=a.b;DeviceId=d;SharedAccessKey=${KEY}` },
            /belongs to a device/,
        ],
        ["a missing file", { connectionString: "@/none" }, /cannot read \/none/],
        [
            "two secrets from the standard input",
            { connectionString: "-", hubConnectionString: ["-"] },
            /Only one connection string/,
        ],
    ])("reject %s", (_what, options, message) => {
        expect(() => resolveCloudSettings(options, {})).toThrow(message)
    })

    test("of an invalid profile are rejected with all issues by line", () => {
        const profile = file("bad.yaml", "dps: { policy: a }\nconnect: nowhere\nconect: 127.0.0.1:1\n")
        expect(() => resolveCloudSettings({ profile }, {})).toThrow(
            /line 1, dps: .*\n.*line 2, connect: is not HOST:PORT\n.*line 3, conect: is not a known field/
        )
    })

    test.each(["127.0.0.1", "a:0", "a:70000", "http://a:1", ""])("reject the address %j", text => {
        expect(parseHostAddress(text)).toBeUndefined()
    })
})

describe("a key of a service policy", () => {
    test("does not appear in printed objects", () => {
        const access = parseConnectionString("dps", CONNECTION)
        const token = access.authorization(realClock.nowMs())
        expect(token).toContain("&skn=owner")
        for (const text of [inspect(access, { depth: 9, showHidden: true }), JSON.stringify(access)])
            expect(text).not.toContain(KEY)
    })

    test("is rejected if it is invalid, and the message does not contain it", () => {
        const text = CONNECTION.replace(KEY, "not-a-key!")
        expect(() => parseConnectionString("dps", text)).toThrow(
            "dps: SharedAccessKey is not Base64 of at least 16 bytes."
        )
    })
})

test("the rate limiter spreads calls evenly, and a pause delays all of them", async () => {
    const clock = new ManualClock(0)
    const limiter = new RateLimiter(clock, 10)
    const atMs: number[] = []
    const acquire = () => limiter.acquire().then(() => void atMs.push(clock.nowMs()))
    const first = [acquire(), acquire(), acquire()]
    for (let i = 0; i < 3; i++) {
        for (let turns = 0; turns < 9; turns++) await Promise.resolve()
        clock.advance(100)
    }
    await Promise.all(first)
    expect(atMs).toEqual([0, 100, 200])
    limiter.pauseFor(5000)
    const paused = acquire()
    clock.advance(4999)
    for (let turns = 0; turns < 9; turns++) await Promise.resolve()
    expect(atMs).toHaveLength(3)
    clock.advance(1)
    await paused
    expect(atMs[3]).toBe(5300)
})

describe("a failed call", () => {
    const answer = (status: number, headers: Record<string, string> = {}, body = "{}"): HttpsResponse => ({
        status,
        headers,
        body,
    })
    const CODE_504101 = JSON.stringify({ Message: JSON.stringify({ errorCode: 504101, message: "late" }) })

    /** Sends one request. The n-th try gets the n-th answer. All further tries get the last answer. Returns the result and the time of each try. */
    async function sendWithAnswers(
        answers: (HttpsResponse | CloudError)[],
        giveUpAfterSec = 120,
        perSec = Infinity
    ) {
        const clock = new ManualClock(0)
        const sentMs: number[] = []
        const send = (): Promise<HttpsResponse> => {
            const next = answers[Math.min(sentMs.length, answers.length - 1)]
            sentMs.push(clock.nowMs())
            return next instanceof CloudError ? Promise.reject(next) : Promise.resolve(next)
        }
        const client = new ServiceClient(new ServiceAccess("a.b", "owner", KEY), {
            clock,
            random: seededRandom(1),
            https: { send } as unknown as Https,
            rateLimiter: new RateLimiter(clock, perSec),
            giveUpAfterSec,
        })
        let ended: HttpsResponse | CloudError | undefined
        void client.send({ method: "GET", path: "/x", apiVersion: "1" }).then(
            value => (ended = value),
            (error: CloudError) => (ended = error)
        )
        for (let i = 0; i < 10_000 && !ended; i++) {
            for (let turns = 0; turns < 20; turns++) await Promise.resolve()
            clock.advance(100)
        }
        return { ended, sentMs, client }
    }

    test("with 429 is retried after the time in retry-after", async () => {
        const { ended, sentMs, client } = await sendWithAnswers([
            answer(429, { "retry-after": "7" }),
            answer(200),
        ])
        expect(ended).toMatchObject({ status: 200 })
        expect(sentMs).toHaveLength(2)
        expect(sentMs[1] - sentMs[0]).toBeGreaterThanOrEqual(7000)
        expect(sentMs[1] - sentMs[0]).toBeLessThan(8200)
        expect(client).toMatchObject({ calls: 2, throttled: 1 })
    })

    test("with 5xx or without a response is retried with growing waits until the time limit", async () => {
        for (const failure of [answer(503), new CloudError("unreachable", "no")]) {
            const { ended, sentMs } = await sendWithAnswers([failure], 60)
            expect(ended).toBeInstanceOf(CloudError)
            expect(sentMs.length).toBeGreaterThan(4)
            expect(sentMs.at(-1)).toBeLessThanOrEqual(60_000)
        }
    })

    test.each([
        ["401", answer(401), "unauthorized"],
        ["403", answer(403), "unauthorized"],
        ["404", answer(404), "notFound"],
        ["400", answer(400), "refused"],
        ["504 because the device does not respond", answer(504, {}, CODE_504101), "unavailable"],
        ["an untrusted certificate", new CloudError("tls", "no"), "tls"],
    ])("with %s is not retried", async (_what, failure, kind) => {
        const { ended, sentMs } = await sendWithAnswers([failure])
        expect(ended).toMatchObject({ kind })
        expect(sentMs).toHaveLength(1)
    })

    test("with a retry-after beyond the time limit fails immediately", async () => {
        const { ended, sentMs } = await sendWithAnswers([answer(429, { "retry-after": "600" })])
        expect(sentMs).toHaveLength(1)
        expect((ended as CloudError).message).toMatch(/a\.b throttles: 429, retry after 600 s/)
    })
})

describe("calls to an emulator", () => {
    let emulator: Emulator
    let profile: string
    const services = (path = profile, giveUpAfterSec = 1) =>
        openServices(resolveCloudSettings({ profile: path }, {}), {
            clock: realClock,
            random: realRandom,
            giveUpAfterSec,
            dpsPerSec: Infinity,
        })
    const failure = async (call: Promise<unknown>) =>
        (await call.catch((error: unknown) => error)) as CloudError
    const card = () => cardOf(emulator, "127.0.0.1", join(dir, "ca.pem"))

    beforeAll(async () => {
        const primaryKey = Buffer.alloc(64, 3).toString("base64")
        emulator = await startEmulator({
            enrollmentGroups: [{ enrollmentGroupId: "line:7", primaryKey }],
            assigningMs: 0,
            quotas: { dpsOperations: null },
        })
        file("ca.pem", emulator.ca)
        profile = file("card.json", JSON.stringify(card()))
        for (const id of ["b-1", "b-2", "b-3"]) await register(card(), id)
    })
    afterAll(() => emulator.close())
    beforeEach(() => emulator.cloud.faultRules.clear())

    test("accept the connection card as a profile and return the same records as Microsoft's client", async () => {
        const { dps, hubs, close } = services()
        expect(hubs.map(({ hostName }) => hostName)).toEqual(emulator.cloud.hubNames())
        const groups: string[] = []
        for await (const page of dps?.groups() ?? []) groups.push(...page.map(({ id }) => id))
        expect(groups).toEqual(["line:7"])
        const ids: string[] = []
        for await (const page of dps?.registrations("line:7") ?? [])
            ids.push(...page.map(({ registrationId }) => registrationId))
        const sdk = provisioningService({ ...emulator, servers: emulator } as unknown as RunningCloud)
        const query = sdk.createEnrollmentGroupDeviceRegistrationStateQuery({ query: "*" }, "line:7")
        const sdkRecords = (await query.next()).responseBody as unknown as { registrationId: string }[]
        expect(ids).toEqual(sdkRecords.map(({ registrationId }) => registrationId))
        expect(ids).toEqual(["b-1", "b-2", "b-3"])
        close()
    })

    test("find and delete a registration record", async () => {
        const { dps, close } = services()
        await register(card(), "gone")
        expect(await dps?.registration("gone")).toMatchObject({ registrationId: "gone", status: "assigned" })
        expect(await dps?.deleteRegistration("gone")).toBe(true)
        expect(await dps?.deleteRegistration("gone")).toBe(false)
        expect(await dps?.registration("gone")).toBeUndefined()
        close()
    })

    test("find devices with a query of the hub", async () => {
        const { hubs, close } = services()
        const found: string[] = []
        for (const hub of hubs)
            for await (const page of hub.deviceIds("SELECT * FROM devices")) found.push(...page)
        expect(found.sort()).toEqual(expect.arrayContaining(["b-1", "b-2", "b-3"]))
        close()
    })

    test("with a wrong key report the policy and the clock skew, but not the key", async () => {
        const wrong = Buffer.alloc(32, 9).toString("base64")
        const { dps, ...rest } = card()
        const text = dps.connectionString.replace(/SharedAccessKey=.*/, `SharedAccessKey=${wrong}`)
        const path = file("wrong.json", JSON.stringify({ ...rest, dps: { ...dps, connectionString: text } }))
        const { dps: api, close } = services(path)
        emulator.cloud.clock.skewMs = -600_000
        const { kind, message } = await failure(api?.registration("b-1") ?? Promise.resolve())
        emulator.cloud.clock.skewMs = 0
        close()
        expect(kind).toBe("unauthorized")
        expect(message).toMatch(/policy provisioningserviceowner.*it is \d+ s ahead of the service's clock/)
        expect(message).not.toContain(wrong)
    })

    test("with an untrusted certificate name the option --ca", async () => {
        const path = file("without-ca.json", JSON.stringify({ ...card(), caFile: undefined }))
        const { dps, close } = services(path)
        const { kind, message } = await failure(dps?.registration("b-1") ?? Promise.resolve())
        close()
        expect(kind).toBe("tls")
        expect(message).toContain("--ca")
    })

    test("to a closed port report the address", async () => {
        const { dps, close } = services(file("nobody.json", JSON.stringify({ ...card(), httpsPort: 1 })))
        const { kind, message } = await failure(dps?.registration("b-1") ?? Promise.resolve())
        close()
        expect(kind).toBe("unreachable")
        expect(message).toMatch(
            /at 127\.0\.0\.1:1: the connection was refused\. Check that the emulator is running/
        )
    })

    test("report the retry-after of a throttled call", async () => {
        emulator.cloud.setQuotas({ dpsOperations: { calls: 1, perSec: 600 } })
        const { dps, close } = services()
        await dps?.registration("b-1")
        const { kind, message } = await failure(dps?.registration("b-1") ?? Promise.resolve())
        emulator.cloud.setQuotas({ dpsOperations: DOCUMENTED_QUOTAS.dpsOperations })
        close()
        expect(kind).toBe("throttled")
        expect(message).toMatch(/retry after \d+ s/)
    })

    test("are retried when the connection breaks within a response", async () => {
        emulator.cloud.faultRules.add({ times: 1, fault: { dropAfterBytes: 40 } })
        const { dps, close } = services(profile, 20)
        expect(await dps?.registration("b-1")).toMatchObject({ registrationId: "b-1" })
        expect(dps?.client.calls).toBe(2)
        close()
    })
})
