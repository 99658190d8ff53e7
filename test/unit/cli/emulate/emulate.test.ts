// `moorage emulate` as a child process: connection card, ports, stored state and errors.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { MqttBase } from "azure-iot-mqtt-base"
import { ProvisioningDeviceClient } from "azure-iot-provisioning-device"
import { Mqtt } from "azure-iot-provisioning-device-mqtt"
import { SymmetricKeySecurityClient } from "azure-iot-security-symmetric-key"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { Card } from "../../../../tools/cli/emulate/connection-card.js"
import { emulate, run, type Running, start } from "../../../helpers/command.js"

let dir: string
let running: Running[] = []
beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "moorage-cli-"))
})
afterEach(async () => {
    for (const each of running) await each.stop()
    running = []
    rmSync(dir, { recursive: true, force: true })
})

async function emulated(...args: string[]): Promise<{ emulator: Running; card: Card }> {
    const world = await emulate(...args)
    running.push(world.emulator)
    return world
}

/** Registers the device of the card with Microsoft's client. Returns the assigned hub. */
async function register({ caFile, mqttPort, idScope, device }: Card): Promise<string | undefined> {
    const base = new MqttBase()
    base.setOptions({ ca: readFileSync(caFile, "utf8") })
    const { registrationId, symmetricKey } = device ?? { registrationId: "", symmetricKey: "" }
    const security = new SymmetricKeySecurityClient(registrationId, symmetricKey) as never
    const transport = new Mqtt(base as never)
    const client = ProvisioningDeviceClient.create(`localhost:${mqttPort}`, idScope, transport, security)
    return (await client.register())?.assignedHub
}

describe("the connection card", () => {
    test("is sufficient for Microsoft's client, and the registration is in the logs and metrics without keys", async () => {
        const { emulator, card } = await emulated("--metrics-port", "0", "--log", "json")
        expect(card.hubs.map(hub => hub.hostName)).toContain(await register(card))
        const metrics = await (await fetch(card.metricsUrl ?? "")).text()
        expect(metrics).toContain('moorage_dps_requests_total{call="register",status="202"} 1')
        expect(metrics).toMatch(/moorage_connacks_total\{service="dps",code="0"\} 1/)
        const { code, stderr } = await emulator.stop()
        expect(code).toBe(0)
        const events = stderr
            .trim()
            .split("\n")
            .map(line => JSON.parse(line) as { kind: string; id: string })
        expect(events).toContainEqual(
            expect.objectContaining({ kind: "register", id: "my-device", status: 202 })
        )
        for (const secret of [card.device?.symmetricKey, card.enrollmentGroups[0].primaryKey, "sig="])
            expect(stderr).not.toContain(secret)
    })

    test("as text contains lines to copy", async () => {
        const emulator = start([
            "emulate",
            "--mqtt-port",
            "0",
            "--https-port",
            "0",
            "--admin-port",
            "0",
            "--tcp",
            "0",
            "--http",
            "0",
        ])
        running.push(emulator)
        await expect.poll(() => emulator.stdout).toContain("DEVICE_KEY=")
        for (const text of [
            "ProvisioningDeviceClient.create(",
            "GatewayHostName=localhost:",
            "SharedAccessKeyName=iothubowner",
            "DPS_TRANSPORT=tcp",
        ])
            expect(emulator.stdout).toContain(text)
        const settings = /DPS_HOST=(\S+)\n\s+DPS_PORT=(\d+)/.exec(emulator.stdout)
        expect(settings?.[1]).toBe("127.0.0.1")
    })
})

describe("stopping", () => {
    test.each([["SIGINT"], ["SIGTERM"]] as const)(
        "with %s ends with exit code 0, frees the ports and removes the files",
        async signal => {
            const { emulator, card } = await emulated()
            expect(existsSync(card.caFile)).toBe(true)
            expect((await emulator.stop(signal)).code).toBe(0)
            expect(existsSync(card.caFile)).toBe(false)
            const again = createServer()
            await new Promise<void>((resolve, reject) =>
                again.once("error", reject).listen(card.mqttPort, "127.0.0.1", resolve)
            )
            await new Promise(resolve => again.close(resolve))
        }
    )
})

describe("--data", () => {
    test("keeps registrations, keys and the CA", async () => {
        const data = join(dir, "state")
        const first = await emulated("--data", data)
        await register(first.card)
        await first.emulator.stop()
        const second = await emulated("--data", data)
        expect(second.card).toMatchObject({
            hubs: first.card.hubs,
            dps: first.card.dps,
            enrollmentGroups: first.card.enrollmentGroups,
        })
        const state = (await (await fetch(`${second.card.adminUrl}/state`)).json()) as {
            registrations: number
        }
        expect(state.registrations).toBe(1)
    })

    test("that cannot be opened ends with exit code 1 and the reason", async () => {
        writeFileSync(join(dir, "file"), "")
        const { code, stderr } = await run([
            "emulate",
            "--data",
            join(dir, "file"),
            "--mqtt-port",
            "0",
            "--https-port",
            "0",
        ])
        expect(code).toBe(1)
        expect(stderr).toContain(`Cannot open the emulator's state in ${join(dir, "file")}`)
        expect(stderr).not.toContain("    at ")
    })
})

describe("fixed ports", () => {
    test("are 8883 on 127.0.0.1 for DPS and on 127.0.0.2 for the hubs", async context => {
        const started = start([
            "emulate",
            "--json",
            "--fixed-ports",
            "--https-port",
            "0",
            "--admin-port",
            "0",
        ])
        running.push(started)
        await Promise.race([expect.poll(() => started.stdout).toContain("\n"), started.end()])
        // Another program on this machine may use the port. The test cannot run then.
        if (started.stderr.includes("another program uses the port")) return context.skip()
        const { caFile, hubs } = JSON.parse(started.stdout) as Card
        const { connect } = await import("node:tls")
        for (const [host, servername] of [
            ["127.0.0.1", "global.azure-devices-provisioning.net"],
            ["127.0.0.2", hubs[0].hostName],
        ]) {
            const socket = connect({ host, port: 8883, servername, ca: readFileSync(caFile) })
            await new Promise((resolve, reject) =>
                socket.once("secureConnect", resolve).once("error", reject)
            )
            expect(socket.authorized).toBe(true)
            socket.destroy()
        }
    })
})

describe("errors", () => {
    test("all errors of the configuration are listed with path and line, and exit code 2", async () => {
        const file = join(dir, "cloud.yaml")
        writeFileSync(
            file,
            [
                "idScope: ''",
                "hubs:",
                "  - hostName: hub one",
                "enrollmentGroups:",
                "  - enrollmentGroupId: a",
                "    primaryKey: short",
                "    allocationPolicy: nearest",
                "    colour: red",
                "  - primaryKey: AAAAAAAAAAAAAAAAAAAAAA==",
                "quotas:",
                "  hubConnects: 5",
            ].join("\n")
        )
        const { code, stderr } = await run(["emulate", "--config", file])
        expect(code).toBe(2)
        expect(stderr.trim().split("\n")).toEqual([
            `${file} cannot be used:`,
            "  line 1, idScope: is empty",
            "  line 3, hubs[0].hostName: is not a host name",
            "  line 6, enrollmentGroups[0].primaryKey: is not Base64 of 16 to 64 bytes",
            "  line 7, enrollmentGroups[0].allocationPolicy: must be one of hashed, geoLatency, static, custom",
            "  line 8, enrollmentGroups[0].colour: is not a known field",
            "  line 9, enrollmentGroups[1].enrollmentGroupId: is missing",
            expect.stringMatching(/^ {2}line 11, quotas\.hubConnects: /),
        ])
    })

    test.each([
        ["a missing file", ["--config", "/none.yaml"], /Cannot read \/none\.yaml/],
        ["an invalid port", ["--mqtt-port", "70000"], /Expected a port from 0 to 65535/],
        ["an unknown option", ["--prot", "1"], /unknown option '--prot'/],
        ["an unknown log format", ["--log", "loud"], /Allowed choices are text, json, off/],
    ])("%s ends with exit code 2", async (_what, args, message) => {
        const { code, stderr } = await run(["emulate", ...args])
        expect(code).toBe(2)
        expect(stderr).toMatch(message)
        expect(stderr).not.toContain("    at ")
    })

    test("a port in use ends with exit code 1, and the message names the port", async () => {
        const { card } = await emulated()
        const { code, stderr } = await run(["emulate", "--mqtt-port", String(card.mqttPort)])
        expect(code).toBe(1)
        expect(stderr).toBe(
            `Cannot listen for MQTT on 127.0.0.1:${card.mqttPort}: another program uses the port. Choose another port, or 0 for any free port.\n`
        )
    })

    test("an enrollment with an unknown hub is reported", async () => {
        const file = join(dir, "cloud.json")
        const group = {
            enrollmentGroupId: "g",
            primaryKey: Buffer.alloc(16).toString("base64"),
            iotHubs: ["b.example"],
        }
        writeFileSync(file, JSON.stringify({ hubs: [{ hostName: "a.example" }], enrollmentGroups: [group] }))
        const { code, stderr } = await run(["emulate", "--config", file])
        expect(code).toBe(2)
        expect(stderr).toContain("enrollmentGroups[0].iotHubs[0]: b.example is missing in hubs")
    })
})

test("the emulator starts with the example configuration of the guide", async () => {
    const guide = readFileSync(new URL("../../../../docs/guide/emulate.md", import.meta.url), "utf8")
    const example = /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? ""
    const file = join(dir, "cloud.yaml")
    writeFileSync(file, example)
    const { card } = await emulated("--config", file)
    expect(card.idScope).toBe("0ne00ACME01")
    expect(card.hubs).toHaveLength(2)
})

test.each([[["--help"]], [["emulate", "--help"]], [["fault", "--help"]]])(
    "moorage %j prints the help",
    async args => {
        const { code, stdout } = await run(args)
        expect(code).toBe(0)
        expect(stdout).toContain("moorage")
        if (args.length > 1) expect(stdout).toContain("Examples")
    }
)
