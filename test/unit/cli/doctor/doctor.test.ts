// `moorage doctor` as a child process, against an emulator in another process.
import { chmodSync, mkdirSync } from "node:fs"
import { type AddressInfo } from "node:net"
import { createServer } from "node:tls"
import { deriveDeviceKey } from "@moorage/protocol"
import * as v from "valibot"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { register } from "../../../helpers/registered-devices.js"
import { makeCa } from "../../../helpers/certificates.js"
import { type CloudWorld, cloudWorld, GROUP_KEY, withWrongKey } from "../../../helpers/cloud-world.js"
import { type Ended, run, start } from "../../../helpers/command.js"
import { DOCTOR } from "../../../helpers/json-schema.js"

const WRONG_KEY = Buffer.alloc(64, 4).toString("base64")
const DPS = "global.azure-devices-provisioning.net"

let world: CloudWorld
beforeAll(async () => {
    world = await cloudWorld()
    world.file("group.key", `${GROUP_KEY}\n`)
    world.file("wrong.key", `${WRONG_KEY}\n`)
})
afterAll(() => world.close())
afterEach(async () => {
    await world.admin("DELETE", "/faults")
    await world.admin("POST", "/clock", { skewSec: 0 })
})

/** Runs `moorage doctor` and checks that its output contains no secret. */
async function doctor(args: string[], env?: Record<string, string>): Promise<Ended> {
    const ended = await run(["doctor", "--project", world.path(""), ...args], env)
    const { dps, hubs } = world.card
    const connectionStrings = [dps, ...hubs].map(({ connectionString }) => connectionString)
    const keys = connectionStrings.map(text => /SharedAccessKey=(.*)/.exec(text)?.[1])
    const secrets = [...keys, GROUP_KEY, WRONG_KEY, deriveDeviceKey(GROUP_KEY, "b-1"), "SharedAccess"]
    for (const secret of secrets) expect(ended.stdout + ended.stderr).not.toContain(secret)
    return ended
}

/** Runs the checks with the card of the emulator, and with a device key from the group key. */
const asDevice = (...args: string[]) =>
    doctor(["--profile", world.profile, "--id", "B-1", "--group-key-file", world.path("group.key"), ...args])

/** Returns the lines of a check, without the name of the check. */
function linesOf({ stdout }: Ended, check: string): string[] {
    const lines = stdout.split("\n").filter(line => line.slice(6).startsWith(`${check} `))
    return lines.map(line => `${line.slice(0, 4).trim()} ${line.slice(6 + check.length).trim()}`)
}

const lineOf = (ended: Ended, check: string) => linesOf(ended, check).join("\n")

interface CloudEvent {
    kind: string
}

/** Returns the state of the emulator and the number of its registration calls. */
async function cloudState() {
    const events = (await world.admin("GET", "/events")) as CloudEvent[]
    return {
        state: await world.admin("GET", "/state"),
        registers: events.filter(({ kind }) => kind === "register" || kind === "poll").length,
    }
}

describe("a working setup", () => {
    test("passes all checks, and the cloud is not modified", async () => {
        const before = await cloudState()
        const ended = await asDevice()
        expect(ended.stderr).toBe("")
        expect(ended.code).toBe(0)
        expect(lineOf(ended, "Node")).toBe(`ok Node ${process.versions.node}`)
        expect(lineOf(ended, "DeviceScript")).toBe("ok npx devs is @devicescript/cli 2.16.4")
        for (const check of ["cloud", "keys", "TCP 443", "TLS 443", "TCP 8883", "TLS 8883", "clock"])
            expect(lineOf(ended, check)).toMatch(/^ok /)
        expect(lineOf(ended, "TLS 8883")).toMatch(
            /certificate by Moorage emulator CA, until 20\d\d-\d\d-\d\d$/
        )
        expect(lineOf(ended, "DPS service")).toMatch(/accepts the key; 2 enrollment groups, 1 disabled$/)
        expect(lineOf(ended, "hub east")).toMatch(/^ok east\.azure-devices\.net accepts the key/)
        expect(lineOf(ended, "device")).toBe(
            "ok ID scope and key are valid (b-1, with the group key); never registered"
        )
        expect(ended.stdout).toMatch(/\n\d+ ok, \d+ warnings?, 0 failed, \d+ skipped\n$/)
        expect(await cloudState()).toEqual(before)
    })

    test("prints JSON that matches the schema", async () => {
        const { code, stdout } = await asDevice("--json")
        expect(code).toBe(0)
        const report = v.parse(DOCTOR, JSON.parse(stdout))
        expect(report.isWell).toBe(true)
        expect(report.counts.fail).toBe(0)
        const total = Object.values(report.counts).reduce((sum, n) => sum + n, 0)
        expect(total).toBe(report.findings.length)
        const withoutCure = report.findings.filter(({ status, cure }) => status === "warn" && cure === null)
        expect(withoutCure).toEqual([])
    })

    test("uses the group key of an emulator's card", async () => {
        const ended = await doctor(["--profile", world.profile, "--id", "b-1"])
        expect(ended.code).toBe(0)
        expect(lineOf(ended, "keys")).toMatch(/^skip no group key and no device key/)
        expect(lineOf(ended, "device")).toContain(
            "ID scope and key are valid (b-1, with the group key of the card)"
        )
    })

    test("reports the hub of a registered device", async () => {
        const hub = (await register(world.card, "b-9"))?.assignedHub
        const ended = await asDevice("--id", "b-9")
        expect(lineOf(ended, "device")).toContain(`assigned to ${hub}`)
        expect(lineOf(ended, `hub ${hub?.split(".")[0]}`)).toContain("and knows b-9")
    })

    test("checks a fleet file and a DeviceScript project, and looks up the first board of the fleet", async () => {
        const fleet = world.file("fleet.csv", "registrationId,slot\nline-1,0\nline-2,1\n")
        world.file(
            ".env.local",
            `ID_SCOPE=0ne00ACME01\nREG_ID=b-1\nDEVICE_KEY=${deriveDeviceKey(GROUP_KEY, "b-1")}\n`
        )
        const asFleet = await doctor([fleet, "--profile", world.profile], { MOORAGE_GROUP_KEY: GROUP_KEY })
        expect(asFleet.code).toBe(0)
        expect(lineOf(asFleet, "fleet")).toMatch(/^ok .*fleet\.csv: 2 boards$/)
        expect(lineOf(asFleet, "settings")).toBe("ok REG_ID b-1, ID_SCOPE 0ne00ACME01, a key of 32 bytes")
        expect(lineOf(asFleet, "device")).toContain("(line-1, with the group key)")
        const asProject = await doctor(["--profile", world.profile])
        expect(lineOf(asProject, "device")).toContain("(b-1, with DEVICE_KEY of .env.local)")
    })

    test("checks only the machine and the configuration with --offline", async () => {
        const before = await world.admin("GET", "/events")
        const ended = await asDevice("--offline")
        expect(ended.code).toBe(0)
        expect(lineOf(ended, "cloud")).toMatch(/^ok /)
        expect(ended.stdout).not.toMatch(/TCP|TLS|clock|device {2}/)
        expect(await world.admin("GET", "/events")).toEqual(before)
    })
})

describe("wrong keys and ID scopes", () => {
    test("a wrong group key is distinguished from a wrong ID scope", async () => {
        const ended = await asDevice("--group-key-file", world.path("wrong.key"))
        expect(ended.code).toBe(1)
        expect(lineOf(ended, "device")).toMatch(
            /^FAIL the ID scope 0ne00ACME01 is valid, but DPS rejects the key of b-1 \(the group key\) -> Check /
        )
        expect(lineOf(ended, "DPS service")).toMatch(/^ok /)
    })

    test("an unknown ID scope is reported", async () => {
        const profile = world.file("scope.json", JSON.stringify({ ...world.card, idScope: "0ne00WRONG1" }))
        const ended = await asDevice("--profile", profile)
        expect(ended.code).toBe(1)
        expect(lineOf(ended, "device")).toMatch(
            /^FAIL DPS does not know the ID scope 0ne00WRONG1 -> Copy the ID scope /
        )
    })

    test("a wrong key and a wrong ID scope cannot be distinguished without MQTT", async () => {
        const card = { ...world.card, mqttPort: undefined }
        const profile = world.file("no-mqtt.json", JSON.stringify(card))
        const ended = await asDevice("--profile", profile, "--group-key-file", world.path("wrong.key"))
        expect(lineOf(ended, "TCP 8883")).toMatch(
            /^skip the profile has no address for this port -> Add connectMqtt/
        )
        expect(lineOf(ended, "device")).toMatch(/^FAIL .*the key or the ID scope is wrong -> Check both/)
    })

    test("wrong keys of the service APIs are reported", async () => {
        const profile = world.file("keys.json", JSON.stringify(withWrongKey(world.card)))
        const ended = await asDevice("--profile", profile)
        expect(ended.code).toBe(1)
        for (const check of ["DPS service", "hub east", "hub west"])
            expect(lineOf(ended, check)).toMatch(
                /^FAIL .* rejects the key: 401 .* -> Check the key of the policy /
            )
        expect(lineOf(ended, "device")).toMatch(/^ok /)
    })

    test("a group key that is too short is reported", async () => {
        const ended = await asDevice("--group-key-file", world.file("short.key", "AAAA\n"))
        expect(ended.code).toBe(1)
        expect(lineOf(ended, "keys")).toMatch(
            /^FAIL Invalid group key in \S+short\.key: the key is 3 bytes long/
        )
    })
})

describe("the connection to DPS", () => {
    test("a stopped emulator is reported with a cure, and dependent checks are skipped", async () => {
        const gone = { ...world.card, httpsPort: 1, mqttPort: 1 }
        const ended = await asDevice("--profile", world.file("gone.json", JSON.stringify(gone)))
        expect(ended.code).toBe(1)
        for (const port of [443, 8883]) {
            expect(lineOf(ended, `TCP ${port}`)).toBe(
                "FAIL 127.0.0.1:1: the connection was refused -> Check that the emulator is running at this address. It prints its ports at start"
            )
            expect(lineOf(ended, `TLS ${port}`)).toBe(`skip TCP ${port} failed`)
        }
        for (const check of ["clock", "DPS service", "hub east", "device"])
            expect(lineOf(ended, check)).toBe("skip TLS 443 was skipped")
    })

    test("the CA of another service is reported", async () => {
        const { cert } = await makeCa()
        const ended = await asDevice("--ca", world.file("other.pem", cert))
        expect(ended.code).toBe(1)
        expect(lineOf(ended, "TLS 443")).toMatch(
            /^FAIL the certificate by Moorage emulator CA is not trusted .* -> Check the CA file: it is not the CA of this service/
        )
        expect(lineOf(ended, "device")).toBe("skip TLS 443 failed")
    })

    test("a missing CA is reported", async () => {
        const card = { ...world.card, caFile: undefined }
        const ended = await asDevice("--profile", world.file("no-ca.json", JSON.stringify(card)))
        expect(lineOf(ended, "TLS 8883")).toMatch(/^FAIL .* is not trusted .* -> Set the CA with --ca/)
    })

    test.each([
        [
            "for another host is reported",
            "other.example",
            undefined,
            /^FAIL the certificate belongs to another host: it is for other\.example/,
        ],
        [
            "that has expired is reported",
            DPS,
            new Date("2021-01-01"),
            /^FAIL the certificate by Test CA expired on 2021-01-01 -> If today is not 20/,
        ],
    ])("a certificate %s", async (_what, name, notAfter, line) => {
        const ca = await makeCa()
        const server = createServer({ ...(await ca.issue(name, notAfter)) }, socket => socket.destroy())
        await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
        try {
            const at = `127.0.0.1:${(server.address() as AddressInfo).port}`
            const caFile = world.file("test-ca.pem", ca.cert)
            const profile = world.file(
                "server.json",
                JSON.stringify({ connect: at, connectMqtt: at, ca: caFile, idScope: "0ne00ACME01" })
            )
            const ended = await asDevice("--profile", profile)
            expect(ended.code).toBe(1)
            for (const check of ["TLS 443", "TLS 8883"]) expect(lineOf(ended, check)).toMatch(line)
        } finally {
            server.close()
        }
    })

    test("a clock that is ahead or behind is reported, and the device token uses the time of the service", async () => {
        await world.admin("POST", "/clock", { skewSec: -600 })
        const ahead = await asDevice()
        expect(ahead.code).toBe(1)
        expect(lineOf(ahead, "clock")).toMatch(
            /^FAIL (599|600|601) s ahead of the service's clock: .* tokens .* -> Set the clock/
        )
        await world.admin("POST", "/clock", { skewSec: 120 })
        const behind = await asDevice()
        expect(behind.code).toBe(0)
        expect(lineOf(behind, "clock")).toMatch(
            /^warn (119|120|121) s behind the service's clock -> Set the clock/
        )
        await world.admin("POST", "/clock", { skewSec: 7200 })
        expect(lineOf(await asDevice(), "device")).toMatch(/^ok /)
    })

    test("--timeout limits the wait for a service that does not respond", async () => {
        await world.admin("POST", "/faults", { on: "lookup", fault: { mute: true } })
        const ended = await asDevice("--timeout", "1s")
        expect(ended.code).toBe(1)
        expect(lineOf(ended, "device")).toBe(
            "FAIL no answer within 1 s -> Try again, or allow more time with --timeout"
        )
    })

    test("throttling and an internal error of the service are reported", async () => {
        await world.admin("POST", "/faults", {
            on: "lookup",
            times: 1,
            fault: { status: 429, retryAfterSec: 7 },
        })
        expect(lineOf(await asDevice(), "device")).toMatch(/^FAIL DPS throttles .*: 429 -> Try again in 7 s$/)
        await world.admin("POST", "/faults", { on: "lookup", times: 1, fault: { status: 503 } })
        expect(lineOf(await asDevice(), "device")).toMatch(/^FAIL DPS has an internal error: 503/)
    })
})

describe("the configuration", () => {
    test("each error of a profile has its own line, and the machine is still checked", async () => {
        const profile = world.file("bad.yaml", 'nope: 1\nidScope: ""\n')
        const ended = await doctor(["--profile", profile])
        expect(ended.code).toBe(1)
        expect(linesOf(ended, "cloud")).toHaveLength(2)
        expect(lineOf(ended, "cloud")).toMatch(
            /^FAIL .*bad\.yaml cannot be used: line 2, idScope: is empty -> /m
        )
        expect(lineOf(ended, "network")).toBe("skip cloud failed")
        expect(lineOf(ended, "Node")).toMatch(/^ok /)
    })

    test("a missing profile is reported", async () => {
        const ended = await doctor(["--profile", world.path("none.json")])
        expect(ended.code).toBe(1)
        expect(lineOf(ended, "cloud")).toMatch(/^FAIL Cannot read .*none\.json: ENOENT/)
    })

    test("the first errors of a fleet file are listed with their line numbers", async () => {
        const rows = Array.from({ length: 9 }, (_, i) => `${"x".repeat(129)}${i}`).join("\n")
        const fleet = world.file("bad.csv", `registrationId\n${rows}\n`)
        const ended = await doctor([fleet, "--offline"])
        expect(ended.code).toBe(1)
        const lines = linesOf(ended, "fleet")
        expect(lines[0]).toMatch(
            /^FAIL line 2: the registration ID .* is 130 characters long \(maximum 128\) -> /
        )
        expect(lines.at(-1)).toMatch(/^FAIL 4 more issues in the file -> /)
    })

    test("settings that DeviceScript drops or misreads are reported", async () => {
        mkdirSync(world.path("project"))
        world.file("project/.env.defaults", `DPS_TRANSPORT=tls\nDEVICE_KEY=${GROUP_KEY}\n`)
        world.file(
            "project/.env.local",
            "# the board\nREG_ID=b-1 # the first\nID_SCOPE=0ne00ACME01\nDEVICE_KEY=AAAA\n"
        )
        const ended = await doctor(["--offline", "--project", world.path("project")])
        expect(ended.code).toBe(1)
        expect(linesOf(ended, "settings")).toEqual([
            "FAIL .env.defaults line 2: DEVICE_KEY is a secret in a file that is in git -> Move it to .env.local",
            "FAIL .env.local line 2: REG_ID is dropped because the line contains # -> Remove the comment, or change the value",
            "FAIL .env.local line 4: the key is 3 bytes long (allowed: 16 to 64) -> See docs/reference/settings.md",
        ])
    })
})

describe("esptool", () => {
    test("is a warning if it is missing on the PATH", async () => {
        const ended = await doctor(["--offline"], { PATH: "" })
        expect(ended.code).toBe(0)
        expect(lineOf(ended, "esptool")).toBe(
            "warn not on the PATH: boards cannot be flashed -> Install esptool with `pip install esptool`, and check that it is on the PATH"
        )
    })

    test.each([
        ["is found by its new name", "esptool", "echo esptool v5.0.2; echo 5.0.2", "ok esptool 5.0.2"],
        [
            "is found by its old name",
            "esptool.py",
            "echo esptool.py v4.8.1; echo 4.8.1",
            "ok esptool.py 4.8.1",
        ],
        [
            "is reported if it does not run",
            "esptool",
            "echo no module named serial >&2; exit 1",
            "warn esptool exists but does not run: no module named serial -> Install it again: pip install --force-reinstall esptool",
        ],
    ])("%s", async (_what, name, script, line) => {
        const bin = world.path(`bin-${name}-${line.slice(0, 2)}`)
        mkdirSync(bin, { recursive: true })
        chmodSync(world.file(`${bin.slice(world.path("").length)}/${name}`, `#!/bin/sh\n${script}\n`), 0o755)
        expect(lineOf(await doctor(["--offline"], { PATH: bin }), "esptool")).toBe(line)
    })
})

test("Ctrl-C during the run ends with exit code 130", async () => {
    await world.admin("POST", "/faults", { on: "lookup", fault: { mute: true } })
    const key = world.path("group.key")
    const running = start([
        "doctor",
        "--profile",
        world.profile,
        "--id",
        "b-1",
        "--group-key-file",
        key,
        "--timeout",
        "1h",
    ])
    await expect.poll(() => running.stdout).toContain("hub west")
    const { code, stderr } = await running.stop("SIGINT")
    expect(code).toBe(130)
    expect(stderr).toBe("Interrupted: some checks did not run.\n")
})

test.each([
    ["an unknown option", ["--nope"], /unknown option '--nope'/],
    ["an invalid ID", ["--id", "x".repeat(129)], /Expected 1 to 128 characters/],
    ["a timeout of 0", ["--timeout", "0"], /Expected a time above 0/],
])("%s ends with exit code 2", async (_what, args, message) => {
    const { code, stdout, stderr } = await doctor(args)
    expect(code).toBe(2)
    expect(stdout).toBe("")
    expect(stderr).toMatch(message)
})
