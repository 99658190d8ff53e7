// `moorage reprovision` as a child process, against an emulator in another process.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { deriveDeviceKey } from "@moorage/protocol"
import { loadImages } from "@moorage/simulator"
import { realClock, realRandom } from "@moorage/runtime"
import { Board, loadBoardProfile, memoryFlash, realNetwork } from "@moorage/vm"
import * as v from "valibot"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { type Connected, connectDevice, register } from "../../../helpers/registered-devices.js"
import { type CloudWorld, cloudWorld, GROUP_KEY, HUBS, withWrongKey } from "../../../helpers/cloud-world.js"
import { FORBIDDEN, FORBIDDEN_DIR, run, runOnFullDisk, start } from "../../../helpers/command.js"
import { REPROVISION } from "../../../helpers/json-schema.js"

let world: CloudWorld
let connected: Connected[] = []
beforeAll(async () => {
    world = await cloudWorld()
    await world.admin("POST", "/quotas", { dpsRegistrations: null, dpsOperations: null })
})
afterAll(() => world.close())
afterEach(async () => {
    await world.admin("DELETE", "/faults")
    for (const each of connected) await each.close()
    connected = []
})

const reprovision = (...args: string[]) => run(["reprovision", "--profile", world.profile, ...args])

async function moored(id: string, status: number | null = 202): Promise<Connected> {
    const hub = (await register(world.card, id))?.assignedHub ?? ""
    const device = await connectDevice(world.card, id, hub, status)
    connected.push(device)
    return device
}

function expectNoSecret(text: string): void {
    const { dps, hubs } = world.card
    const keys = [dps, ...hubs].map(
        ({ connectionString }) => /SharedAccessKey=(.*)/.exec(connectionString)?.[1]
    )
    for (const secret of [...keys, GROUP_KEY, "sig="]) expect(text).not.toContain(secret)
}

interface CloudEvent {
    kind: string
    id: string
    status?: number
}

async function registrationsOf(id: string): Promise<number> {
    const events = (await world.admin("GET", "/events")) as CloudEvent[]
    return events.filter(event => event.kind === "register" && event.id === id && event.status === 202).length
}

test("a simulated board (real bytecode, real TLS) registers again and moors again", async () => {
    const images = await loadImages()
    const profile = loadBoardProfile("moorage_devkitc")
    const { card } = world
    const mqtt = { host: "127.0.0.1", port: card.mqttPort }
    const dps = "global.azure-devices-provisioning.net"
    const network = realNetwork({
        ca: readFileSync(card.caFile, "utf8"),
        routes: {
            [`${dps}:443`]: { host: "127.0.0.1", port: card.httpsPort },
            ...Object.fromEntries([dps, ...HUBS].map(host => [`${host}:8883`, mqtt])),
        },
    })
    const board = new Board({
        id: "real-1",
        bytecode: images[profile.image as keyof typeof images] as Uint8Array,
        flash: memoryFlash(profile.fstorPages),
        heapBytes: profile.heapKB * 1024,
        clock: realClock,
        random: realRandom,
        network,
        settings: {
            ID_SCOPE: card.idScope,
            REG_ID: "real-1",
            DEVICE_KEY: deriveDeviceKey(GROUP_KEY, "real-1"),
            STABLE_SEC: 2,
        },
    })
    const log: string[] = []
    board.on("log", text => log.push(text))
    const moorings = () => log.filter(line => line.startsWith("moored ")).length
    board.powerOn()
    try {
        await expect.poll(moorings).toBe(1)
        expect(await registrationsOf("real-1")).toBe(1)
        const { code, stdout } = await reprovision("real-1")
        expect(stdout).toMatch(/^real-1 on (east|west)\.azure-devices\.net: accepted, registers in 0 s\n/)
        expect(code).toBe(0)
        await expect.poll(moorings).toBe(2)
        expect(await registrationsOf("real-1")).toBe(2)
    } finally {
        board.powerOff()
    }
})

describe("requests", () => {
    test("go to each device of a file once, --json matches the schema, and an offline device ends with exit code 1", async () => {
        const ids = ["f-1", "f-2", "f-3"]
        const devices = await Promise.all(ids.map(id => moored(id)))
        await register(world.card, "f-4")
        const file = world.file(
            "fleet.csv",
            ["site,registrationId", ...ids.map(id => `x,${id}`), "x,f-4"].join("\n")
        )
        const { code, stdout } = await reprovision("--file", file, "--json", "--spread", "10m")
        expect(code).toBe(1)
        const report = v.parse(REPROVISION, JSON.parse(stdout))
        expect(report.results).toEqual({ accepted: 3, offline: 1 })
        for (const { calls } of devices) expect(calls).toHaveLength(1)
        expectNoSecret(stdout)
    })

    test("go to the devices of a query, and need no DPS if the hub is given", async () => {
        const { calls } = await moored("q-1")
        const file = world.path("q.state")
        const { code, stdout } = await reprovision(
            "--query",
            "SELECT * FROM devices",
            "--state",
            file,
            "--json"
        )
        expect(code).toBe(1)
        const { devices } = v.parse(REPROVISION, JSON.parse(stdout))
        expect(devices.find(({ id }) => id === "q-1")).toMatchObject({ result: "accepted" })
        expect(calls).toHaveLength(1)
        const { hub } = devices.find(({ id }) => id === "q-1") ?? {}
        const access = world.card.hubs.find(({ hostName }) => hostName === hub)?.connectionString ?? ""
        const secret = `@${world.file("hub.txt", access)}`
        const address = ["--connect", `127.0.0.1:${world.card.httpsPort}`, "--ca", world.path("ca.pem")]
        const args = ["reprovision", "q-1", "--hub-connection-string", secret, ...address]
        expect((await run(args)).code).toBe(0)
        expect(calls).toHaveLength(2)
    })

    test("are not sent in a dry run, and delete the registration record with --force", async () => {
        const { calls } = await moored("one")
        const dry = await reprovision("one", "--force", "--dry-run")
        expect(dry).toMatchObject({ code: 0 })
        expect(dry.stdout).toContain(": selected")
        expect(calls).toHaveLength(0)
        const forced = await reprovision("one", "--force")
        expect(forced).toMatchObject({ code: 0 })
        expect(forced.stdout).toContain("its registration record was deleted")
        const again = await reprovision("one")
        expect(again.code).toBe(1)
        expect(again.stdout).toContain("DPS has no registration of the device")
    })
})

describe("an interrupted run", () => {
    const ids = Array.from({ length: 5 }, (_, i) => `slow-${i}`)

    test("ends with exit code 130 at SIGINT, and continues from its state file", async () => {
        const devices = await Promise.all(ids.map(id => moored(id)))
        const file = world.file("ids.txt", ids.join("\n"))
        const state = world.path("run.state")
        const running = start([
            ...["reprovision", "--profile", world.profile, "--file", file, "--state", state],
            ...["--rate", "1/min"],
        ])
        await expect.poll(() => running.stdout).toContain("accepted")
        const { code, stdout, stderr } = await running.stop("SIGINT")
        expect(code).toBe(130)
        expect(stdout).toMatch(/1 devices?: 1 accepted; interrupted before the remaining devices\n$/)
        expect(stderr).toContain("Run the same command to continue.")
        const next = await reprovision("--file", file, "--state", state, "--json")
        expect(next.code).toBe(0)
        expect(v.parse(REPROVISION, JSON.parse(next.stdout))).toMatchObject({
            results: { accepted: 4 },
            skipped: 1,
        })
        for (const { calls } of devices) expect(calls).toHaveLength(1)
    })

    test("ends with exit code 1 at an outage of DPS, and the state file keeps the finished devices", async () => {
        const other = await cloudWorld()
        try {
            const [first, second] = ["down-1", "down-2"]
            const hub = (await register(other.card, first))?.assignedHub ?? ""
            connected.push(await connectDevice(other.card, first, hub))
            await register(other.card, second)
            const file = other.file("ids.txt", `${first}\n${second}\n`)
            const state = other.path("run.state")
            const running = start([
                ...["reprovision", "--profile", other.profile, "--file", file, "--state", state],
                ...["--rate", "12/min", "--give-up-after", "1s"],
            ])
            await expect.poll(() => running.stdout).toContain("down-1")
            await other.emulator.stop()
            const { code, stderr } = await running.end()
            expect(code).toBe(1)
            expect(stderr).toMatch(/Cannot reach moorage\.azure-devices-provisioning\.net/)
            expect(stderr).not.toContain("    at ")
            expect(readFileSync(state, "utf8")).toContain('"id":"down-1","result":"accepted"')
            expect(readFileSync(state, "utf8")).not.toContain("down-2")
        } finally {
            await other.close()
        }
    })
})

describe("errors", () => {
    async function failing(code: number, message: RegExp, ...args: string[]) {
        const ended = await run(["reprovision", ...args])
        expect(ended.stderr).toMatch(message)
        expect(ended.code).toBe(code)
        expect(ended.stdout).toBe("")
        expect(ended.stderr).not.toContain("    at ")
        expectNoSecret(ended.stderr)
    }

    test("a wrong key ends with exit code 1, and the state file contains no device", async () => {
        const profile = world.file("wrong.json", JSON.stringify(withWrongKey(world.card)))
        const state = world.path("wrong.state")
        await failing(1, /rejects the key: 401/, "a", "--profile", profile, "--state", state)
        expect(readFileSync(state, "utf8").trim().split("\n")).toHaveLength(1)
    })

    test("throttling by DPS ends with exit code 1 and a message", async () => {
        await world.admin("POST", "/faults", { service: "dps", fault: { status: 429, retryAfterSec: 900 } })
        await failing(1, /throttles: 429, retry after 900 s/, "a", "--profile", world.profile)
    })

    test("all errors of the file are listed with exit code 2, and no request is sent", async () => {
        const file = world.file("bad.txt", `a\nb c\nA\né\n${"x".repeat(129)}\n`)
        const message =
            /line 2: .*\n.*line 3: duplicate registration ID a.*\n.*line 4: .*"é".*\n.*line 5: .* 129 char/
        await failing(2, message, "--file", file, "--profile", world.profile)
        await failing(1, /Cannot read \/none/, "--file", "/none", "--profile", world.profile)
    })

    test("a file that is not a state file ends with exit code 1 and is not modified", async () => {
        const state = world.file("mine.txt", "precious\n")
        await failing(1, /is not a state file/, "a", "--state", state, "--profile", world.profile)
        expect(readFileSync(state, "utf8")).toBe("precious\n")
    })

    test("a state file in use by another run ends with exit code 1, and the lock of a crashed run is taken over", async () => {
        const state = world.path("shared.state")
        const { pid } = process
        writeFileSync(`${state}.lock`, String(pid))
        const args = ["nobody", "--state", state, "--profile", world.profile]
        await failing(1, new RegExp(`shared\\.state is in use by another run \\(process ${pid}\\)`), ...args)
        expect(existsSync(state)).toBe(false)
        writeFileSync(`${state}.lock`, "")
        await reprovision(...args)
        expect(existsSync(state)).toBe(true)
        expect(existsSync(`${state}.lock`)).toBe(false)
    })

    test("a state file that cannot be written ends with exit code 1 before a request is sent", async () => {
        const { calls } = await moored("asked")
        const ask = (state: string) => ["reprovision", "asked", "--profile", world.profile, "--state", state]
        const forbidden = await run(ask(`${FORBIDDEN_DIR}/run.state`))
        expect(forbidden.stderr).toMatch(/^Cannot write \/sys\/run\.state: /)
        expect(forbidden.stderr).toMatch(FORBIDDEN)
        const full = await runOnFullDisk(ask(world.path("full.state")), 0)
        expect(full.stderr).toMatch(/^Cannot write \S+full\.state: EFBIG/)
        expect([forbidden.code, full.code]).toEqual([1, 1])
        expect(calls).toHaveLength(0)
    })

    test("an invalid query ends with exit code 1 and the message of the hub", async () => {
        const query = "SELECT nothing AT ALL"
        await failing(
            1,
            /rejects the request: 400 \(The emulator supports only/,
            "--query",
            query,
            "--profile",
            world.profile
        )
    })

    test("ambiguous options end with exit code 2", async () => {
        const { profile } = world
        await failing(2, /Specify the boards in exactly one way/, "--profile", profile)
        await failing(2, /Specify the boards in exactly one way/, "a", "--file", "b", "--profile", profile)
        await failing(2, /must be between 0 and 24h/, "a", "--spread", "2d", "--profile", profile)
        await failing(
            2,
            /No connection string for the hub far/,
            "a",
            "--hub",
            "far.net",
            "--profile",
            profile
        )
        await failing(2, /No hub specified/, "a", "--profile", world.file("none.yaml", "idScope: a\n"))
    })
})

test("--help shows examples and exit codes", async () => {
    const { code, stdout } = await run(["reprovision", "--help"])
    expect(code).toBe(0)
    for (const text of ["Examples", "Exit codes", "--dry-run"]) expect(stdout).toContain(text)
})
