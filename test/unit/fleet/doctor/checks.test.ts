// Tests each check of the doctor with replaced probes. No test uses the network, a process or the real clock.
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { ManualClock, seededRandom } from "@moorage/runtime"
import { describe, expect, test } from "vitest"
import { CloudError } from "../../../../tools/fleet/azure/index.js"
import { certificateOutcome } from "../../../../tools/fleet/doctor/check-certificate.js"
import { CheckRunner } from "../../../../tools/fleet/doctor/check-runner.js"
import { lookupOutcome, scopeStatusOf } from "../../../../tools/fleet/doctor/check-device.js"
import { parseEnv } from "../../../../tools/fleet/doctor/env-file.js"
import { ok } from "../../../../tools/fleet/doctor/finding.js"
import { chooseIdentity } from "../../../../tools/fleet/doctor/device-credentials.js"
import {
    runDoctor,
    type DoctorRunOptions,
    type Finding,
    type Probes,
} from "../../../../tools/fleet/doctor/index.js"
import {
    devicescriptOutcome,
    esptoolOutcome,
    nodeOutcome,
    portsOutcome,
} from "../../../../tools/fleet/doctor/check-machine.js"
import { mergeProject } from "../../../../tools/fleet/doctor/project-settings.js"
import { skewOutcome, clockSkewSec } from "../../../../tools/fleet/doctor/check-clock.js"

const NOW_MS = Date.parse("2026-06-01T12:00:00Z")
const KEY = Buffer.alloc(32, 1).toString("base64")

describe("the checks of the machine", () => {
    test("compare the Node version with the version in package.json", () => {
        expect(nodeOutcome("20.20.2", ">=20").status).toBe("ok")
        expect(nodeOutcome("18.19.0", ">=20")).toMatchObject({
            status: "fail",
            cure: expect.stringContaining("20"),
        })
    })

    test("require the pinned version of @devicescript/cli", () => {
        expect(devicescriptOutcome("2.16.4", "2.16.4").status).toBe("ok")
        expect(devicescriptOutcome("2.16.5", "2.16.4").what).toContain("is 2.16.5 (required: 2.16.4)")
        expect(devicescriptOutcome(undefined, "2.16.4").what).toContain("is not installed")
    })

    test("report whether esptool is missing, broken or installed", () => {
        expect(esptoolOutcome("esptool", undefined).status).toBe("warn")
        expect(esptoolOutcome("esptool", { code: 1, output: "boom\n" }).what).toContain("does not run: boom")
        expect(esptoolOutcome("esptool.py", { code: 0, output: "esptool.py v4.8.1\n4.8.1\n" })).toEqual(
            ok("esptool.py 4.8.1")
        )
    })

    test.each([
        ["none", [], "warn", /no board is connected/],
        ["one with permission", [["/dev/ttyUSB0", true]], "ok", /^\/dev\/ttyUSB0$/],
        [
            "one without permission",
            [["/dev/ttyUSB0", false]],
            "fail",
            /no permission to read and write \/dev\/ttyUSB0$/,
        ],
        [
            "both",
            [
                ["/dev/ttyACM0", true],
                ["/dev/ttyUSB0", false],
            ],
            "warn",
            /no permission .*ttyUSB0; usable: .*ttyACM0$/,
        ],
    ] as const)("report serial ports: %s", (_what, ports, status, what) => {
        const found = ports.map(([path, isUsable]) => ({ path, isUsable }))
        const outcome = portsOutcome(found, "linux")
        expect(outcome.status).toBe(status)
        expect(outcome.what).toMatch(what)
    })
})

describe("an .env file", () => {
    const issuesOf = (source: string, isInGit = false) =>
        parseEnv(source, isInGit).issues.map(({ line, text }) => `${line}: ${text}`)

    test.each([
        ["may have a comment on a separate line", "# who\nREG_ID=b-1", []],
        [
            "loses a line that contains #",
            `DEVICE_KEY="${KEY}" # mine`,
            ["1: DEVICE_KEY is dropped because the line contains #"],
        ],
        ["has spaces around a name", "REG_ID =b-1", ["1: REG_ID has spaces around its name"]],
        ["has spaces around a value", "REG_ID= b-1", ["1: REG_ID has spaces around its value"]],
        ["has an unknown setting", "REGID=b-1", ["1: REGID is not a setting"]],
        [
            "has an ID with an invalid character",
            "REG_ID=b/1",
            ['1: the registration ID "b/1" contains "/" (allowed: a-z 0-9 - . _ :)'],
        ],
        [
            "has an ID with too many digits for a number",
            "REG_ID=12345678901234567890",
            ["1: REG_ID is a number with too many digits to be stored exactly"],
        ],
        ["has the same ID in quotes", 'REG_ID="12345678901234567890"', []],
        ["has a Wi-Fi password of digits", "WIFI_PWD=12345678", ["1: WIFI_PWD is read as a number"]],
        [
            "has a number that is out of bounds",
            "TELEMETRY_SEC=0",
            ['1: TELEMETRY_SEC is "0": must be an integer between 1 and 86400'],
        ],
        ["has a line without =", "hello", ["1: is dropped because it is not NAME=VALUE"]],
    ])("%s", (_rule, source, found) => {
        expect(issuesOf(source)).toEqual(found)
    })

    test("must not contain a secret if it is in git, and no message contains one", () => {
        expect(issuesOf(`DEVICE_KEY=${KEY}`, true)).toEqual([
            "1: DEVICE_KEY is a secret in a file that is in git",
        ])
        expect(issuesOf(`DEVICE_KEY=${KEY}!`)).toEqual(["1: the key is not Base64"])
    })

    test("named .env.local overrides .env.defaults, and the required settings can be in either", () => {
        const { settings, outcomes } = mergeProject("ID_SCOPE=0ne0\n", `ID_SCOPE=0ne1\nDEVICE_KEY=${KEY}\n`)
        expect(settings.get("ID_SCOPE")).toBe("0ne1")
        expect(outcomes).toEqual([ok("the chip identifier as REG_ID, ID_SCOPE 0ne1, a key of 32 bytes")])
        const withUnknown = mergeProject(undefined, `MINE=1\nID_SCOPE=0ne1\nDEVICE_KEY=${KEY}\n`).outcomes
        expect(withUnknown.map(({ status }) => status)).toEqual(["warn", "ok"])
        const incomplete = mergeProject(undefined, "REG_ID=b-1\n").outcomes
        expect(incomplete.map(({ what }) => what)).toEqual(["ID_SCOPE is missing", "DEVICE_KEY is missing"])
        expect(mergeProject(undefined, undefined).outcomes.map(({ status }) => status)).toEqual(["skip"])
    })
})

describe("the clock check", () => {
    test("measures the skew at the middle of the request and corrects the rounded Date header", () => {
        const date = new Date(NOW_MS).toUTCString()
        expect(clockSkewSec(date, { sentMs: NOW_MS + 10_000, receivedMs: NOW_MS + 11_000 })).toBe(10)
        expect(clockSkewSec(date, { sentMs: NOW_MS - 10_000, receivedMs: NOW_MS - 9000 })).toBe(-10)
        expect(clockSkewSec(undefined, { sentMs: 0, receivedMs: 0 })).toBeUndefined()
    })

    test.each([
        [0, "ok"],
        [-60, "ok"],
        [61, "warn"],
        [-300, "warn"],
        [301, "fail"],
    ])("rates a skew of %d s as %s", (skewSec, status) => {
        expect(skewOutcome(skewSec).status).toBe(status)
    })
})

describe("the certificate check", () => {
    const certificate = {
        protocol: "TLSv1.2",
        issuer: "Root",
        names: "a.example",
        expiresAtMs: NOW_MS + 40 * 86_400_000,
    }
    const outcome = (more: object, hasCa = false) =>
        certificateOutcome(GLOBAL_DEVICE_ENDPOINT, { ...certificate, ...more }, { hasCa, nowMs: NOW_MS })

    test("reports issuer and expiry of a trusted certificate", () => {
        expect(outcome({})).toEqual(ok("TLSv1.2, certificate by Root, until 2026-07-11"))
        expect(outcome({ expiresAtMs: NOW_MS + 86_400_000 }).status).toBe("warn")
    })

    test.each([
        ["CERT_HAS_EXPIRED", /expired on .*/, /If today is not 2026-06-01/],
        ["CERT_NOT_YET_VALID", /not yet valid/, /clock/],
        ["ERR_TLS_CERT_ALTNAME_INVALID", /for a\.example, not for global/, /proxy/],
        ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", /not trusted/, /--ca/],
    ])("explains %s", (untrustedReason, what, cure) => {
        expect(outcome({ untrustedReason })).toEqual({
            status: "fail",
            what: expect.stringMatching(what),
            cure: expect.stringMatching(cure),
        })
    })
})

describe("the response to a status lookup", () => {
    const identity = { idScope: "0ne0", registrationId: "b-1", key: KEY, keySource: "the group key" }
    const response = (status: number, body: unknown, headers = {}) => ({
        status,
        headers,
        body: typeof body === "string" ? body : JSON.stringify(body),
    })
    const error = (errorCode: number) => ({ errorCode, message: "Unauthorized" })

    test.each([
        [
            "200, assigned",
            response(200, { status: "assigned", assignedHub: "h.example" }),
            0,
            "ok",
            /assigned to h\.example/,
        ],
        ["200, null: never registered", response(200, null), 0, "ok", /never registered/],
        ["200, disabled", response(200, { status: "disabled" }), 0, "warn", /enrollment is disabled/],
        [
            "200, failed",
            response(200, { status: "failed", errorCode: 400207, errorMessage: "no" }),
            0,
            "warn",
            /400207 no/,
        ],
        ["200 of another server", response(200, "<html>"), 0, "fail", /not from DPS/],
        ["404 of a known scope", response(404, error(404201)), 0, "ok", /never registered/],
        [
            "404 of an unknown scope",
            response(404, error(404201)),
            3,
            "fail",
            /does not know the ID scope 0ne0/,
        ],
        ["404 of another server", response(404, "Not Found"), 0, "fail", /answers 404/],
        [
            "401, CONNECT accepted",
            response(401, error(401000)),
            0,
            "fail",
            /scope 0ne0 is valid, but DPS rejects the key/,
        ],
        [
            "401, CONNACK 5",
            response(401, error(401002)),
            5,
            "fail",
            /scope 0ne0 is valid, but DPS rejects the key/,
        ],
        ["401, CONNACK 3", response(401, error(401002)), 3, "fail", /does not know the ID scope 0ne0/],
        [
            "401, no CONNACK",
            response(401, error(401000)),
            undefined,
            "fail",
            /the key or the ID scope is wrong/,
        ],
        ["429", response(429, error(429001), { "retry-after": "9" }), 0, "fail", /throttles/],
        ["500", response(500, ""), 0, "fail", /internal error/],
    ])("shows scope and key: %s", (_what, given, connack, status, what) => {
        const outcome = lookupOutcome(identity, given, scopeStatusOf(connack))
        expect(outcome.status).toBe(status)
        expect(outcome.what).toMatch(what)
        expect(JSON.stringify(outcome)).not.toContain(KEY)
    })
})

describe("the device of the status lookup", () => {
    const board = { line: 2, registrationId: "line-1", settings: { ID_SCOPE: "0neFLEET" } }
    const project = new Map([
        ["REG_ID", "Own"],
        ["DEVICE_KEY", KEY],
        ["ID_SCOPE", "0nePROJECT"],
    ])
    const none = new Map<string, string>()

    test.each([
        [
            "the device of --id",
            { id: "b-1", groupKey: KEY, idScope: "0ne0", boards: [board], settings: project },
            "b-1",
            "0ne0",
        ],
        [
            "the first board of the fleet, with its ID scope",
            { groupKey: KEY, idScope: "0ne0", boards: [board], settings: project },
            "line-1",
            "0neFLEET",
        ],
        [
            "the device of the project, with its ID scope",
            { idScope: "0ne0", boards: [], settings: project },
            "own",
            "0nePROJECT",
        ],
    ])("is %s", (_what, credentials, registrationId, idScope) => {
        expect(chooseIdentity(credentials)).toMatchObject({ registrationId, idScope })
    })

    test("uses the device key, then the group key, then the key of the project, then the group key of the card", () => {
        const all = { id: "own", idScope: "0ne0", boards: [], settings: project }
        const keySource = (keys: object) =>
            (chooseIdentity({ ...all, ...keys }) as { keySource: string }).keySource
        const card = { cardKey: KEY }
        expect(keySource({ ...card, groupKey: KEY, deviceKey: KEY })).toBe("its device key")
        expect(keySource({ ...card, groupKey: KEY })).toBe("the group key")
        expect(keySource(card)).toBe("DEVICE_KEY of .env.local")
        expect(keySource({ ...card, settings: none })).toBe("the group key of the card")
    })

    test.each([
        ["a registration ID", { boards: [], settings: none }, "no registration ID"],
        ["a key", { id: "b-1", boards: [], settings: none }, "no key for b-1"],
        ["an ID scope", { id: "b-1", deviceKey: KEY, boards: [], settings: none }, "no ID scope"],
    ])("is missing without %s", (_what, credentials, missing) => {
        expect(chooseIdentity(credentials)).toMatchObject({ missing })
    })
})

describe("the check runner", () => {
    test("skips a check when a prerequisite failed or was skipped", async () => {
        const runner = new CheckRunner({ clock: new ManualClock(NOW_MS), timeoutSec: 1 })
        const never = () => {
            throw new Error("must not run")
        }
        await runner.run({ name: "a", run: () => ({ status: "fail", what: "no" }) })
        const [b] = await runner.run({ name: "b", needs: ["a"], run: never })
        const [c] = await runner.run({ name: "c", needs: ["b"], run: never })
        expect([b?.status, b?.what]).toEqual(["skip", "a failed"])
        expect([c?.status, c?.what]).toEqual(["skip", "b was skipped"])
    })

    test("fails a check at its time limit, also if the check ignores the signal", async () => {
        const clock = new ManualClock(NOW_MS)
        const runner = new CheckRunner({ clock, timeoutSec: 5 })
        const running = runner.run({
            name: "a",
            timeoutCure: "do this",
            run: () => new Promise(() => undefined),
        })
        clock.advance(5000)
        expect(await running).toEqual([
            { check: "a", status: "fail", what: "no answer within 5 s", cure: "do this" },
        ])
    })
})

/** Returns probes of a machine and a DPS without any problem, with the given replacements. */
function createProbes(replaced: Partial<Probes>): Probes {
    const certificate = {
        protocol: "TLSv1.2",
        issuer: "Root",
        names: GLOBAL_DEVICE_ENDPOINT,
        expiresAtMs: NOW_MS + 90 * 86_400_000,
    }
    return {
        clock: new ManualClock(NOW_MS),
        random: seededRandom(1),
        platform: "linux",
        nodeVersion: "20.0.0",
        required: { node: ">=20", devicescript: "2.16.4" },
        exec: async () => ({ code: 0, output: "esptool v5.0.2" }),
        packageVersion: () => "2.16.4",
        serialPorts: () => [{ path: "/dev/ttyUSB0", isUsable: true }],
        readText: () => undefined,
        resolveHost: async () => ["10.0.0.1"],
        connectTcp: async () => undefined,
        tlsHandshake: async () => certificate,
        connectMqtt: async () => 0,
        sendRequest: async (_settings, { method }) => ({
            status: method === "HEAD" ? 401 : 200,
            headers: { date: new Date(NOW_MS).toUTCString() },
            body: "null",
        }),
        openServices: () => ({ hubs: [], hub: () => undefined, close: () => undefined }),
        ...replaced,
    }
}

async function findingsWith(
    replaced: Partial<Probes>,
    more: Partial<DoctorRunOptions> = {}
): Promise<Map<string, Finding>> {
    const options: DoctorRunOptions = {
        settings: () => ({ hubs: [], idScope: "0ne0", deviceHost: GLOBAL_DEVICE_ENDPOINT }),
        keys: async () => ({ deviceKey: KEY }),
        project: ".",
        id: "b-1",
        isOffline: false,
        timeoutSec: 10,
        ...more,
    }
    const findings = new Map<string, Finding>()
    for await (const finding of runDoctor(options, createProbes(replaced)))
        findings.set(finding.check, finding)
    return findings
}

const refused = (code: string) => Promise.reject(Object.assign(new Error(code), { code }))

describe("a run against Azure", () => {
    test("connects to the host names and ports of Azure", async () => {
        const connected: string[] = []
        const all = await findingsWith({
            connectTcp: async ({ host, port }) => void connected.push(`${host}:${port}`),
        })
        expect(connected).toEqual([`${GLOBAL_DEVICE_ENDPOINT}:443`, `${GLOBAL_DEVICE_ENDPOINT}:8883`])
        expect([...all.values()].filter(({ status }) => status === "fail" || status === "warn")).toEqual([])
        expect(all.get("DNS")?.what).toBe(`${GLOBAL_DEVICE_ENDPOINT} is 10.0.0.1`)
        expect(all.get("device")?.what).toContain("ID scope and key are valid")
    })

    test("skips all connections when the host name is unknown", async () => {
        const all = await findingsWith({ resolveHost: () => refused("ENOTFOUND") })
        expect(all.get("DNS")).toMatchObject({
            status: "fail",
            what: `${GLOBAL_DEVICE_ENDPOINT}: the host name is unknown`,
        })
        for (const check of ["TCP 443", "TCP 8883"]) expect(all.get(check)?.what).toBe("DNS failed")
        expect(all.get("device")?.status).toBe("skip")
    })

    test("checks the rest when a firewall blocks only port 8883", async () => {
        const all = await findingsWith({
            connectTcp: async ({ port }) => (port === 8883 ? refused("ETIMEDOUT") : undefined),
        })
        expect(all.get("TCP 8883")).toMatchObject({
            status: "fail",
            cure: expect.stringContaining("port 8883"),
        })
        expect(all.get("clock")?.status).toBe("ok")
        expect(all.get("device")?.status).toBe("ok")
    })

    test("reports that a server without a Date header is not DPS", async () => {
        const all = await findingsWith({
            sendRequest: async () => ({ status: 200, headers: {}, body: "hello" }),
        })
        expect(all.get("clock")?.status).toBe("fail")
        expect(all.get("device")?.what).toBe("the response is not from DPS")
    })

    test("reports a connection that breaks after the handshake in each check that needs it", async () => {
        const broken = new CloudError("unreachable", "Cannot reach DPS: the connection broke.", {
            cure: "Wait.",
        })
        const all = await findingsWith({ sendRequest: () => Promise.reject(broken) })
        for (const check of ["clock", "device"])
            expect(all.get(check)).toMatchObject({
                status: "fail",
                what: "Cannot reach DPS: the connection broke",
                cure: "Wait",
            })
    })

    test("creates tokens with the service's clock, and sends CONNECT with the ID of an unknown device", async () => {
        const tokens: string[] = []
        const packets: string[] = []
        const all = await findingsWith({
            clock: new ManualClock(NOW_MS + 7_200_000),
            sendRequest: async (_settings, { method, headers }) => {
                tokens.push(headers.Authorization ?? "")
                const date = new Date(NOW_MS).toUTCString()
                return {
                    status: method === "HEAD" ? 200 : 401,
                    headers: { date },
                    body: '{"errorCode":401000}',
                }
            },
            connectMqtt: async (_endpoint, packet) => {
                packets.push(Buffer.from(packet).toString("latin1"))
                return 3
            },
        })
        const expirySec = Number(/&se=(\d+)/.exec(tokens[1] ?? "")?.[1])
        expect(Math.abs(expirySec - NOW_MS / 1000 - 600)).toBeLessThanOrEqual(2)
        expect(packets[0]).toMatch(/0ne0\/registrations\/moorage-doctor-[0-9a-f]{8}\/api-version/)
        expect(packets[0]).not.toContain("b-1")
        expect(all.get("device")?.what).toBe("DPS does not know the ID scope 0ne0")
    })
})
