// The doctor's checks one by one, in a world that is made up: no network, no process, no clock.
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
const GLOBAL_DEVICE_ENDPOINT = "global.azure-devices-provisioning.net"
const KEY = Buffer.alloc(32, 1).toString("base64")

describe("the machine", () => {
    test("Node has to be as package.json asks", () => {
        expect(nodeOutcome("20.20.2", ">=20").status).toBe("ok")
        expect(nodeOutcome("18.19.0", ">=20")).toMatchObject({
            status: "fail",
            cure: expect.stringContaining("20"),
        })
    })

    test("@devicescript/cli has to be the pinned one", () => {
        expect(devicescriptOutcome("2.16.4", "2.16.4").status).toBe("ok")
        expect(devicescriptOutcome("2.16.5", "2.16.4").what).toContain("is 2.16.5, and 2.16.4 is needed")
        expect(devicescriptOutcome(undefined, "2.16.4").what).toContain("is not installed")
    })

    test("esptool is missing, broken, or there", () => {
        expect(esptoolOutcome("esptool", undefined).status).toBe("warn")
        expect(esptoolOutcome("esptool", { code: 1, output: "boom\n" }).what).toContain("does not run: boom")
        expect(esptoolOutcome("esptool.py", { code: 0, output: "esptool.py v4.8.1\n4.8.1\n" })).toEqual(
            ok("esptool.py 4.8.1")
        )
    })

    test.each([
        ["none", [], "warn", /no board is plugged in/],
        ["one that may be used", [["/dev/ttyUSB0", true]], "ok", /^\/dev\/ttyUSB0$/],
        ["one that may not", [["/dev/ttyUSB0", false]], "fail", /you may not read and write \/dev\/ttyUSB0$/],
        [
            "both",
            [
                ["/dev/ttyACM0", true],
                ["/dev/ttyUSB0", false],
            ],
            "warn",
            /not .*ttyUSB0; you may .*ttyACM0$/,
        ],
    ] as const)("serial ports: %s", (_what, ports, status, what) => {
        const found = ports.map(([path, isUsable]) => ({ path, isUsable }))
        const outcome = portsOutcome(found, "linux")
        expect(outcome.status).toBe(status)
        expect(outcome.what).toMatch(what)
    })
})

describe(".env files, as DeviceScript reads them", () => {
    const mistakes = (source: string, isShared = false) =>
        parseEnv(source, isShared).issues.map(({ line, text }) => `${line}: ${text}`)

    test.each([
        ["a comment of its own line loses nothing", "# who\nREG_ID=b-1", []],
        [
            "a line with a # is dropped whole",
            `DEVICE_KEY="${KEY}" # mine`,
            ["1: DEVICE_KEY is dropped: the line has a #"],
        ],
        ["spaces around the name are part of it", "REG_ID =b-1", ["1: REG_ID has spaces around its name"]],
        [
            "spaces around the value stay",
            "REG_ID= b-1",
            ["1: REG_ID has spaces around its value, which stay"],
        ],
        ["a name that is no setting", "REGID=b-1", ["1: REGID is no setting"]],
        [
            "an ID with what DPS does not take",
            "REG_ID=b/1",
            ['1: the registration ID "b/1" contains "/" (allowed: a-z 0-9 - . _ :)'],
        ],
        [
            "digits that no number keeps",
            "REG_ID=12345678901234567890",
            ["1: REG_ID is a number that cannot be kept exactly"],
        ],
        ["the same, quoted", 'REG_ID="12345678901234567890"', []],
        ["a Wi-Fi password of digits", "WIFI_PWD=12345678", ["1: WIFI_PWD is read as a number"]],
        [
            "a number out of bounds",
            "TELEMETRY_SEC=0",
            ['1: TELEMETRY_SEC is "0": must be an integer between 1 and 86400'],
        ],
        ["no setting at all", "hello", ["1: is not NAME=VALUE, and is dropped"]],
    ])("%s", (_rule, source, found) => {
        expect(mistakes(source)).toEqual(found)
    })

    test("a secret is never in the file that git keeps, nor in a message", () => {
        expect(mistakes(`DEVICE_KEY=${KEY}`, true)).toEqual([
            "1: DEVICE_KEY is a secret in a file that git keeps",
        ])
        expect(mistakes(`DEVICE_KEY=${KEY}!`)).toEqual(["1: the key is not Base64"])
    })

    test(".env.local goes before .env.defaults, and both must be there between them", () => {
        const { settings, outcomes } = mergeProject("ID_SCOPE=0ne0\n", `ID_SCOPE=0ne1\nDEVICE_KEY=${KEY}\n`)
        expect(settings.get("ID_SCOPE")).toBe("0ne1")
        expect(outcomes).toEqual([ok("the chip's own identifier, ID_SCOPE 0ne1, a key of 32 bytes")])
        const more = mergeProject(undefined, `MINE=1\nID_SCOPE=0ne1\nDEVICE_KEY=${KEY}\n`).outcomes
        expect(more.map(({ status }) => status)).toEqual(["warn", "ok"])
        const without = mergeProject(undefined, "REG_ID=b-1\n").outcomes
        expect(without.map(({ what }) => what)).toEqual(["ID_SCOPE is missing", "DEVICE_KEY is missing"])
        expect(mergeProject(undefined, undefined).outcomes.map(({ status }) => status)).toEqual(["skip"])
    })
})

describe("the clock", () => {
    test("is compared with the middle of the question, and the cut-off half second", () => {
        const date = new Date(NOW_MS).toUTCString()
        expect(clockSkewSec(date, NOW_MS + 10_000, NOW_MS + 11_000)).toBe(10)
        expect(clockSkewSec(date, NOW_MS - 10_000, NOW_MS - 9000)).toBe(-10)
        expect(clockSkewSec(undefined, 0, 0)).toBeUndefined()
    })

    test.each([
        [0, "ok"],
        [-60, "ok"],
        [61, "warn"],
        [-300, "warn"],
        [301, "fail"],
    ])("%d s away: %s", (skewSec, status) => {
        expect(skewOutcome(skewSec).status).toBe(status)
    })
})

describe("a certificate", () => {
    const seen = {
        protocol: "TLSv1.2",
        issuer: "Root",
        names: "a.example",
        expiresAtMs: NOW_MS + 40 * 86_400_000,
    }
    const outcome = (more: object, hasCa = false) =>
        certificateOutcome(GLOBAL_DEVICE_ENDPOINT, { ...seen, ...more }, hasCa, NOW_MS)

    test("that is trusted is told with its issuer and its end", () => {
        expect(outcome({})).toEqual(ok("TLSv1.2, certificate by Root, until 2026-07-11"))
        expect(outcome({ expiresAtMs: NOW_MS + 86_400_000 }).status).toBe("warn")
    })

    test.each([
        ["CERT_HAS_EXPIRED", /has expired on .*/, /If it is not 2026-06-01 today/],
        ["CERT_NOT_YET_VALID", /not valid yet/, /clock/],
        ["ERR_TLS_CERT_ALTNAME_INVALID", /for a\.example, not for global/, /proxy/],
        ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", /not trusted/, /--ca/],
    ])("%s", (untrustedReason, what, cure) => {
        const { status, what: told, cure: toldCure } = outcome({ untrustedReason })
        expect(status).toBe("fail")
        expect(told).toMatch(what)
        expect(toldCure).toMatch(cure)
    })
})

describe("what a lookup's answer says of scope and key", () => {
    const identity = { idScope: "0ne0", registrationId: "b-1", key: KEY, keySource: "the group's key" }
    const answer = (status: number, body: unknown, headers = {}) => ({
        status,
        headers,
        body: typeof body === "string" ? body : JSON.stringify(body),
    })
    const error = (errorCode: number) => ({ errorCode, message: "Unauthorized" })

    test.each([
        [
            "200, assigned",
            answer(200, { status: "assigned", assignedHub: "h.example" }),
            0,
            "ok",
            /assigned to h\.example/,
        ],
        ["200, null: never registered", answer(200, null), 0, "ok", /never registered/],
        ["200, disabled", answer(200, { status: "disabled" }), 0, "warn", /enrollment is disabled/],
        [
            "200, failed",
            answer(200, { status: "failed", errorCode: 400207, errorMessage: "no" }),
            0,
            "warn",
            /400207 no/,
        ],
        ["200 of another server", answer(200, "<html>"), 0, "fail", /not DPS/],
        ["404 of a known scope", answer(404, error(404201)), 0, "ok", /never registered/],
        ["404 of an unknown scope", answer(404, error(404201)), 3, "fail", /knows no ID scope 0ne0/],
        ["404 of another server", answer(404, "Not Found"), 0, "fail", /answers 404/],
        ["401, CONNECT taken", answer(401, error(401000)), 0, "fail", /scope 0ne0 is right, but not the key/],
        ["401, CONNACK 5", answer(401, error(401002)), 5, "fail", /scope 0ne0 is right, but not the key/],
        ["401, CONNACK 3", answer(401, error(401002)), 3, "fail", /knows no ID scope 0ne0/],
        [
            "401, no CONNACK",
            answer(401, error(401000)),
            undefined,
            "fail",
            /the key or the ID scope is wrong/,
        ],
        ["429", answer(429, error(429001), { "retry-after": "9" }), 0, "fail", /throttles/],
        ["500", answer(500, ""), 0, "fail", /fault of its own/],
    ])("%s", (_what, given, connack, status, what) => {
        const outcome = lookupOutcome(identity, given, scopeStatusOf(connack))
        expect(outcome.status).toBe(status)
        expect(outcome.what).toMatch(what)
        expect(JSON.stringify(outcome)).not.toContain(KEY)
    })
})

describe("who is looked up", () => {
    const board = { line: 2, registrationId: "line-1", settings: { ID_SCOPE: "0neFLEET" } }
    const project = new Map([
        ["REG_ID", "Own"],
        ["DEVICE_KEY", KEY],
        ["ID_SCOPE", "0nePROJECT"],
    ])
    const none = new Map<string, string>()

    test.each([
        [
            "--id before all",
            { id: "b-1", groupKey: KEY, idScope: "0ne0", boards: [board], settings: project },
            "b-1",
            "0ne0",
        ],
        [
            "the fleet's first board, with its own scope",
            { groupKey: KEY, idScope: "0ne0", boards: [board], settings: project },
            "line-1",
            "0neFLEET",
        ],
        [
            "the project's own device, with its own scope",
            { idScope: "0ne0", boards: [], settings: project },
            "own",
            "0nePROJECT",
        ],
    ])("%s", (_what, credentials, registrationId, idScope) => {
        expect(chooseIdentity(credentials)).toMatchObject({ registrationId, idScope })
    })

    test("its key is what was given for it, then the group's, then the project's, then the card's", () => {
        const all = { id: "own", idScope: "0ne0", boards: [], settings: project }
        const keySource = (keys: object) =>
            (chooseIdentity({ ...all, ...keys }) as { keySource: string }).keySource
        const card = { cardKey: KEY }
        expect(keySource({ ...card, groupKey: KEY, deviceKey: KEY })).toBe("its own key")
        expect(keySource({ ...card, groupKey: KEY })).toBe("the group's key")
        expect(keySource(card)).toBe("DEVICE_KEY of .env.local")
        expect(keySource({ ...card, settings: none })).toBe("the card's group key")
    })

    test.each([
        ["nobody", { boards: [], settings: none }, "no device is named"],
        ["no key", { id: "b-1", boards: [], settings: none }, "no key of b-1 is given"],
        ["no scope", { id: "b-1", deviceKey: KEY, boards: [], settings: none }, "no ID scope is given"],
    ])("%s", (_what, credentials, missing) => {
        expect(chooseIdentity(credentials)).toMatchObject({ missing })
    })
})

describe("checks", () => {
    test("one whose ground is missing is skipped, and so is what needs that", async () => {
        const course = new CheckRunner({ clock: new ManualClock(NOW_MS), timeoutSec: 1 })
        const never = () => {
            throw new Error("must not run")
        }
        await course.run({ name: "a", run: () => ({ status: "fail", what: "no" }) })
        const [b] = await course.run({ name: "b", needs: ["a"], run: never })
        const [c] = await course.run({ name: "c", needs: ["b"], run: never })
        expect([b?.status, b?.what]).toEqual(["skip", "a failed"])
        expect([c?.status, c?.what]).toEqual(["skip", "b was skipped"])
    })

    test("one that takes too long fails, with its cure, though it is deaf to being stopped", async () => {
        const clock = new ManualClock(NOW_MS)
        const course = new CheckRunner({ clock, timeoutSec: 5 })
        const running = course.run({
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

/** A world in which all is well, by a real DPS, unless `odd` says otherwise. */
function probes(odd: Partial<Probes>): Probes {
    const seen = {
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
        wanted: { node: ">=20", devicescript: "2.16.4" },
        exec: async () => ({ code: 0, output: "esptool v5.0.2" }),
        packageVersion: () => "2.16.4",
        serialPorts: () => [{ path: "/dev/ttyUSB0", isUsable: true }],
        readText: () => undefined,
        resolveHost: async () => ["10.0.0.1"],
        connectTcp: async () => undefined,
        tlsHandshake: async () => seen,
        connectMqtt: async () => 0,
        sendRequest: async (_settings, { method }) => ({
            status: method === "HEAD" ? 401 : 200,
            headers: { date: new Date(NOW_MS).toUTCString() },
            body: "null",
        }),
        openServices: () => ({ hubs: [], hub: () => undefined, close: () => undefined }),
        ...odd,
    }
}

async function found(
    odd: Partial<Probes>,
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
    for await (const finding of runDoctor(options, probes(odd))) findings.set(finding.check, finding)
    return findings
}

const refused = (code: string) => Promise.reject(Object.assign(new Error(code), { code }))

describe("the whole course, against the real services", () => {
    test("goes to their names and ports", async () => {
        const dialled: string[] = []
        const all = await found({
            connectTcp: async ({ host, port }) => void dialled.push(`${host}:${port}`),
        })
        expect(dialled).toEqual([`${GLOBAL_DEVICE_ENDPOINT}:443`, `${GLOBAL_DEVICE_ENDPOINT}:8883`])
        expect([...all.values()].filter(({ status }) => status === "fail" || status === "warn")).toEqual([])
        expect(all.get("DNS")?.what).toBe(`${GLOBAL_DEVICE_ENDPOINT} is 10.0.0.1`)
        expect(all.get("device")?.what).toContain("scope and key work")
    })

    test("a name that is not known ends the way", async () => {
        const all = await found({ resolveHost: () => refused("ENOTFOUND") })
        expect(all.get("DNS")).toMatchObject({
            status: "fail",
            what: `${GLOBAL_DEVICE_ENDPOINT}: the host name is unknown`,
        })
        for (const check of ["TCP 443", "TCP 8883"]) expect(all.get(check)?.what).toBe("DNS failed")
        expect(all.get("device")?.status).toBe("skip")
    })

    test("a firewall that shuts 8883 only leaves the rest", async () => {
        const all = await found({
            connectTcp: async ({ port }) => (port === 8883 ? refused("ETIMEDOUT") : undefined),
        })
        expect(all.get("TCP 8883")).toMatchObject({
            status: "fail",
            cure: expect.stringContaining("TCP port 8883"),
        })
        expect(all.get("clock")?.status).toBe("ok")
        expect(all.get("device")?.status).toBe("ok")
    })

    test("a server without Date is not DPS", async () => {
        const all = await found({ sendRequest: async () => ({ status: 200, headers: {}, body: "hello" }) })
        expect(all.get("clock")?.status).toBe("fail")
        expect(all.get("device")?.what).toBe("what answers is not DPS")
    })

    test("a service that breaks off after the handshake is a finding of each check that asks it", async () => {
        const broken = new CloudError("unreachable", "Cannot reach DPS: the connection broke.", {
            cure: "Wait.",
        })
        const all = await found({ sendRequest: () => Promise.reject(broken) })
        for (const check of ["clock", "device"])
            expect(all.get(check)).toMatchObject({
                status: "fail",
                what: "Cannot reach DPS: the connection broke",
                cure: "Wait",
            })
    })

    test("a device's token is made by the service's clock, and CONNECT is as a device of nobody", async () => {
        const tokens: string[] = []
        const packets: string[] = []
        const all = await found({
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
            connectMqtt: async (_at, _name, _ca, packet) => {
                packets.push(Buffer.from(packet).toString("latin1"))
                return 3
            },
        })
        const expirySec = Number(/&se=(\d+)/.exec(tokens[1] ?? "")?.[1])
        expect(Math.abs(expirySec - NOW_MS / 1000 - 600)).toBeLessThanOrEqual(2)
        expect(packets[0]).toMatch(/0ne0\/registrations\/moorage-doctor-[0-9a-f]{8}\/api-version/)
        expect(packets[0]).not.toContain("b-1")
        expect(all.get("device")?.what).toBe("DPS knows no ID scope 0ne0")
    })
})
