// How the host tool reaches a DPS and its hubs.
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
import type { Https, HttpsAnswer } from "../../../../tools/fleet/azure/https.js"
import {
    parseHostAddress,
    CloudError,
    cloudSettings,
    openServices,
    RateLimiter,
} from "../../../../tools/fleet/azure/index.js"
import { provisioningService } from "../../../conformance/services.js"
import type { Running } from "../../../conformance/sdk.js"
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

describe("settings", () => {
    test("come from Microsoft's environment variables", () => {
        const settings = cloudSettings(
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

    test("of a profile are not filled up from the environment, and options go before both", () => {
        file("dps.key", `${KEY}\n`)
        const profile = file(
            "acme.yaml",
            [
                "dps: { hostName: dev.azure-devices-provisioning.net, policy: reader, keyFile: dps.key }",
                "connect: 127.0.0.1:8443",
            ].join("\n")
        )
        const env = { IOTHUB_CONNECTION_STRING: HUB_CONNECTION }
        const settings = cloudSettings({ profile }, env)
        expect(settings).toMatchObject({
            dps: { policy: "reader" },
            hubs: [],
            connect: { host: "127.0.0.1", port: 8443 },
        })
        const connectionString = `@${file("dps.txt", CONNECTION)}`
        expect(cloudSettings({ profile, connectionString }, env).dps?.policy).toBe("owner")
        const dps = "other.azure-devices-provisioning.net"
        expect(cloudSettings({ profile, connectionString, dps }, env).dps?.hostName).toBe(dps)
    })

    test.each([
        ["a host without a connection string", { dps: "a.b" }, /--dps needs a --connection-string/],
        [
            "a connection string that is short of its key",
            { connectionString: "HostName=a.b;SharedAccessKeyName=x" },
            /SharedAccessKey is missing/,
        ],
        [
            "a device's connection string",
            { connectionString: `HostName=a.b;DeviceId=d;SharedAccessKey=${KEY}` },
            /it is a device's/,
        ],
        ["a file that is not there", { connectionString: "@/none" }, /cannot read \/none/],
        [
            "two secrets on one standard input",
            { connectionString: "-", hubConnectionString: ["-"] },
            /but one/,
        ],
    ])("that are %s are refused", (_what, choices, message) => {
        expect(() => cloudSettings(choices, {})).toThrow(message)
    })

    test("of a profile with mistakes are refused with all of them, by line", () => {
        const profile = file("bad.yaml", "dps: { policy: a }\nconnect: nowhere\nconect: 127.0.0.1:1\n")
        expect(() => cloudSettings({ profile }, {})).toThrow(
            /line 1, dps: .*\n.*line 2, connect: is not HOST:PORT\n.*line 3, conect: is not a known field/
        )
    })

    test.each(["127.0.0.1", "a:0", "a:70000", "http://a:1", ""])("take no address %j", text => {
        expect(parseHostAddress(text)).toBeUndefined()
    })
})

describe("a key", () => {
    test("is in nothing that can be printed", () => {
        const access = parseConnectionString("dps", CONNECTION)
        const token = access.authorization(realClock.nowMs())
        expect(token).toContain("&skn=owner")
        for (const text of [inspect(access, { depth: 9, showHidden: true }), JSON.stringify(access)])
            expect(text).not.toContain(KEY)
    })

    test("that is none is refused without being shown", () => {
        const text = CONNECTION.replace(KEY, "not-a-key!")
        expect(() => parseConnectionString("dps", text)).toThrow(
            "dps: SharedAccessKey is not Base64 of a key."
        )
    })
})

test("the pace is even, and a hold holds all", async () => {
    const clock = new ManualClock(0)
    const pace = new RateLimiter(clock, 10)
    const atMs: number[] = []
    const turn = () => pace.acquire().then(() => void atMs.push(clock.nowMs()))
    const first = [turn(), turn(), turn()]
    for (let i = 0; i < 3; i++) {
        for (let turns = 0; turns < 9; turns++) await Promise.resolve()
        clock.advance(100)
    }
    await Promise.all(first)
    expect(atMs).toEqual([0, 100, 200])
    pace.pauseFor(5000)
    const held = turn()
    clock.advance(4999)
    for (let turns = 0; turns < 9; turns++) await Promise.resolve()
    expect(atMs).toHaveLength(3)
    clock.advance(1)
    await held
    expect(atMs[3]).toBe(5300)
})

describe("a call that fails", () => {
    const answer = (status: number, headers: Record<string, string> = {}, body = "{}"): HttpsAnswer => ({
        status,
        headers,
        body,
    })
    const CODE_504101 = JSON.stringify({ Message: JSON.stringify({ errorCode: 504101, message: "late" }) })

    /** Sends once against these answers, the last one for ever; tells when each request was sent. */
    async function tried(answers: (HttpsAnswer | CloudError)[], giveUpAfterSec = 120, perSec = Infinity) {
        const clock = new ManualClock(0)
        const sentMs: number[] = []
        const ask = (): Promise<HttpsAnswer> => {
            const next = answers[Math.min(sentMs.length, answers.length - 1)]
            sentMs.push(clock.nowMs())
            return next instanceof CloudError ? Promise.reject(next) : Promise.resolve(next)
        }
        const client = new ServiceClient(new ServiceAccess("a.b", "owner", KEY), {
            clock,
            random: seededRandom(1),
            https: { ask } as unknown as Https,
            pace: new RateLimiter(clock, perSec),
            giveUpAfterSec,
        })
        let ended: HttpsAnswer | CloudError | undefined
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

    test("with 429 waits as long as retry-after says", async () => {
        const { ended, sentMs, client } = await tried([answer(429, { "retry-after": "7" }), answer(200)])
        expect(ended).toMatchObject({ status: 200 })
        expect(sentMs).toHaveLength(2)
        expect(sentMs[1] - sentMs[0]).toBeGreaterThanOrEqual(7000)
        expect(sentMs[1] - sentMs[0]).toBeLessThan(8200)
        expect(client).toMatchObject({ calls: 2, throttled: 1 })
    })

    test("with 5xx, or without an answer, waits longer and longer, until it gives up", async () => {
        for (const failure of [answer(503), new CloudError("unreachable", "no")]) {
            const { ended, sentMs } = await tried([failure], 60)
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
        ["504 of a device that does not answer", answer(504, {}, CODE_504101), "unavailable"],
        ["a certificate that is not trusted", new CloudError("tls", "no"), "tls"],
    ])("with %s is not tried again", async (_what, failure, kind) => {
        const { ended, sentMs } = await tried([failure])
        expect(ended).toMatchObject({ kind })
        expect(sentMs).toHaveLength(1)
    })

    test("with a retry-after beyond all patience gives up at once, and says why", async () => {
        const { ended, sentMs } = await tried([answer(429, { "retry-after": "600" })])
        expect(sentMs).toHaveLength(1)
        expect((ended as CloudError).message).toMatch(/a\.b throttles: 429, and asks to wait 600 s/)
    })
})

describe("against the emulator", () => {
    let emulator: Emulator
    let profile: string
    const services = (path = profile, giveUpAfterSec = 1) =>
        openServices(cloudSettings({ profile: path }, {}), {
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

    test("the card is a profile as it stands, and finds what Microsoft's client finds", async () => {
        const { dps, hubs, close } = services()
        expect(hubs.map(({ hostName }) => hostName)).toEqual(emulator.cloud.hubNames())
        const groups: string[] = []
        for await (const page of dps?.groups() ?? []) groups.push(...page.map(({ id }) => id))
        expect(groups).toEqual(["line:7"])
        const ids: string[] = []
        for await (const page of dps?.registrations("line:7") ?? [])
            ids.push(...page.map(({ registrationId }) => registrationId))
        const sdk = provisioningService({ ...emulator, servers: emulator } as unknown as Running)
        const query = sdk.createEnrollmentGroupDeviceRegistrationStateQuery({ query: "*" }, "line:7")
        const theirs = (await query.next()).responseBody as unknown as { registrationId: string }[]
        expect(ids).toEqual(theirs.map(({ registrationId }) => registrationId))
        expect(ids).toEqual(["b-1", "b-2", "b-3"])
        close()
    })

    test("a record is found, deleted, and then there is none", async () => {
        const { dps, close } = services()
        await register(card(), "gone")
        expect(await dps?.registration("gone")).toMatchObject({ registrationId: "gone", status: "assigned" })
        expect(await dps?.deleteRegistration("gone")).toBe(true)
        expect(await dps?.deleteRegistration("gone")).toBe(false)
        expect(await dps?.registration("gone")).toBeUndefined()
        close()
    })

    test("devices are found by the hub's own query", async () => {
        const { hubs, close } = services()
        const found: string[] = []
        for (const hub of hubs)
            for await (const page of hub.deviceIds("SELECT * FROM devices")) found.push(...page)
        expect(found.sort()).toEqual(expect.arrayContaining(["b-1", "b-2", "b-3"]))
        close()
    })

    test("a wrong key is told with its policy and without itself; a wrong clock is told too", async () => {
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
        expect(message).toMatch(/policy provisioningserviceowner.*clock is \d+ s ahead of the service's/)
        expect(message).not.toContain(wrong)
    })

    test("a certificate that is not trusted is told, with the option that cures it", async () => {
        const path = file("noca.json", JSON.stringify({ ...card(), caFile: undefined }))
        const { dps, close } = services(path)
        const { kind, message } = await failure(dps?.registration("b-1") ?? Promise.resolve())
        close()
        expect(kind).toBe("tls")
        expect(message).toContain("--ca")
    })

    test("a port on which nothing listens is told, with the address", async () => {
        const { dps, close } = services(file("nobody.json", JSON.stringify({ ...card(), httpsPort: 1 })))
        const { kind, message } = await failure(dps?.registration("b-1") ?? Promise.resolve())
        close()
        expect(kind).toBe("unreachable")
        expect(message).toMatch(/at 127\.0\.0\.1:1: the connection was refused\. Is the emulator running/)
    })

    test("one that is throttled ends with what the service asks for", async () => {
        emulator.cloud.setQuotas({ dpsOperations: { calls: 1, perSec: 600 } })
        const { dps, close } = services()
        await dps?.registration("b-1")
        const { kind, message } = await failure(dps?.registration("b-1") ?? Promise.resolve())
        emulator.cloud.setQuotas({ dpsOperations: DOCUMENTED_QUOTAS.dpsOperations })
        close()
        expect(kind).toBe("throttled")
        expect(message).toMatch(/asks to wait \d+ s/)
    })

    test("a connection that breaks within an answer is tried again", async () => {
        emulator.cloud.faultRules.add({ times: 1, fault: { dropAfterBytes: 40 } })
        const { dps, close } = services(profile, 20)
        expect(await dps?.registration("b-1")).toMatchObject({ registrationId: "b-1" })
        expect(dps?.client.calls).toBe(2)
        close()
    })
})
