// Tests reprovisioning requests: each outcome, the state file, and a stopped run.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { type Emulator, startEmulator } from "@moorage/emulator"
import { realClock, realRandom, seededRandom } from "@moorage/runtime"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { cardOf } from "../../../../tools/cli/emulate/connection-card.js"
import {
    CloudError,
    resolveCloudSettings,
    openServices,
    type Services,
} from "../../../../tools/fleet/azure/index.js"
import { readIdList } from "../../../../tools/fleet/id-list.js"
import {
    type ReprovisionOutcome,
    queryTargets,
    reprovision,
    type ReprovisionOptions,
    JournalError,
    ReprovisionState,
    type ReprovisionTarget,
} from "../../../../tools/fleet/reprovision/index.js"
import { type Connected, connectDevice, register } from "../../../helpers/registered-devices.js"

let dir: string
let emulator: Emulator
let services: Services
let connected: Connected[] = []
const card = () => cardOf(emulator, "127.0.0.1", join(dir, "ca.pem"))

beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "moorage-reprovision-"))
    emulator = await startEmulator({
        enrollmentGroups: [{ enrollmentGroupId: "g", primaryKey: Buffer.alloc(64, 3).toString("base64") }],
        assigningMs: 0,
        quotas: { dpsOperations: null, dpsRegistrations: null },
    })
    writeFileSync(join(dir, "ca.pem"), emulator.ca)
    writeFileSync(join(dir, "card.json"), JSON.stringify(card()))
    services = openServices(resolveCloudSettings({ profile: join(dir, "card.json") }, {}), {
        clock: realClock,
        random: realRandom,
        dpsPerSec: Infinity,
        giveUpAfterSec: 1,
    })
})
afterEach(async () => {
    emulator.cloud.faultRules.clear()
    for (const each of connected) await each.close()
    connected = []
})
afterAll(async () => {
    services.close()
    await emulator.close()
    rmSync(dir, { recursive: true, force: true })
})

/** Registers and connects a device that answers methods with this status; null stands for no answer. */
async function connect(id: string, status: number | null = 202): Promise<Connected> {
    const hub = (await register(card(), id))?.assignedHub ?? ""
    const device = await connectDevice(card(), id, hub, status)
    connected.push(device)
    return device
}

async function request(targets: (string | ReprovisionTarget)[], more: Partial<ReprovisionOptions> = {}) {
    const outcomes: ReprovisionOutcome[] = []
    const summary = await reprovision(
        targets.map(target => (typeof target === "string" ? { id: target } : target)),
        {
            services,
            clock: realClock,
            random: seededRandom(1),
            perSec: Infinity,
            delaySec: 0,
            spreadSec: 0,
            timeoutSec: 5,
            isForced: false,
            isDryRun: false,
            onOutcome: outcome => outcomes.push(outcome),
            ...more,
        }
    )
    return { summary, outcomes }
}

describe("a request", () => {
    test("calls the device once on the hub of its record, with the delay", async () => {
        const { calls } = await connect("good")
        const { outcomes, summary } = await request(["good"], { delaySec: 7 })
        expect(calls).toEqual([{ name: "Reprovision", payload: { delaySec: 7 } }])
        const hub = emulator.cloud.dps.registration("good")?.assignedHub
        expect(outcomes).toEqual([
            {
                id: "good",
                hub,
                result: "accepted",
                code: 202,
                detail: "",
                delaySec: 7,
                isRecordDeleted: false,
            },
        ])
        expect(summary).toEqual({ results: { accepted: 1 }, skipped: 0, isStopped: false })
    })

    test.each([
        [
            "the device has no such method",
            404,
            { result: "refused", code: 404, detail: "the device has no method Reprovision" },
        ],
        [
            "the device rejects the delay",
            400,
            { result: "refused", code: 400, detail: "the device answered with status 400" },
        ],
        ["the device does not answer", null, { result: "timeout", code: 504101 }],
    ])("reports that %s", async (_what, status, expected) => {
        await connect("device", status)
        expect((await request(["device"])).outcomes).toMatchObject([expected])
    })

    test("reports a disconnected device as offline and a device without registration as unknown", async () => {
        await register(card(), "asleep")
        const { outcomes } = await request(["asleep", "nobody"])
        expect(outcomes).toMatchObject([
            { id: "asleep", result: "offline", code: 404103 },
            { id: "nobody", hub: null, result: "unknown" },
        ])
    })

    test("calls a device without registration on the given hub", async () => {
        const hub = emulator.cloud.hubNames()[0]
        expect((await request(["nobody"], { hub })).outcomes).toMatchObject([
            { hub, result: "unknown", code: 404001 },
        ])
    })

    test("reports a hub without connection string", async () => {
        const { outcomes } = await request([{ id: "x", hub: "far.azure-devices.net" }])
        expect(outcomes).toMatchObject([{ result: "noAccess" }])
    })

    test("does not call the device in a dry run", async () => {
        const { calls } = await connect("dry")
        const { outcomes } = await request(["dry"], { isDryRun: true, isForced: true })
        expect(outcomes).toMatchObject([{ result: "planned", isRecordDeleted: false }])
        expect(calls).toEqual([])
        expect(emulator.cloud.dps.registration("dry")).toBeDefined()
    })

    test("deletes the registration record first when forced", async () => {
        const { calls } = await connect("forced")
        const { outcomes } = await request(["forced"], { isForced: true })
        expect(outcomes).toMatchObject([{ result: "accepted", isRecordDeleted: true }])
        expect(calls).toHaveLength(1)
        expect(emulator.cloud.dps.registration("forced")).toBeUndefined()
    })
})

test("a spread gives each device a random delay within its limits", async () => {
    const ids = ["s-1", "s-2", "s-3", "s-4", "s-5", "s-6"]
    const devices = await Promise.all(ids.map(id => connect(id)))
    const { outcomes } = await request(ids, { delaySec: 100, spreadSec: 600 })
    const delays = devices.map(({ calls }) => (calls[0].payload as { delaySec: number }).delaySec)
    expect(new Set(delays).size).toBeGreaterThan(1)
    for (const delay of delays) {
        expect(Number.isInteger(delay)).toBe(true)
        expect(delay).toBeGreaterThanOrEqual(100)
        expect(delay).toBeLessThanOrEqual(700)
    }
    expect(outcomes.map(({ delaySec }) => delaySec).sort()).toEqual([...delays].sort())
})

test("a query finds devices and their hub", async () => {
    await register(card(), "queried")
    const found: ReprovisionTarget[] = []
    for await (const target of queryTargets(services.hubs, "SELECT * FROM devices")) found.push(target)
    const hub = emulator.cloud.dps.registration("queried")?.assignedHub
    expect(found).toContainEqual({ id: "queried", hub })
})

describe("the state file", () => {
    let count = 0
    const newFile = () => join(dir, `state-${count++}`)

    test("excludes devices that accepted, and only the other devices are called again", async () => {
        const file = newFile()
        const { calls } = await connect("first")
        await register(card(), "second")
        await request(["first", "second"], { state: new ReprovisionState(file) })
        const second = await connect("second")
        const state = new ReprovisionState(file)
        expect(state.doneCount).toBe(1)
        const { outcomes, summary } = await request(["first", "second"], { state })
        expect(outcomes).toMatchObject([{ id: "second", result: "accepted" }])
        expect(summary.skipped).toBe(1)
        expect(calls).toHaveLength(1)
        expect(second.calls).toHaveLength(1)
    })

    test("keeps the hub of a device whose record was deleted", async () => {
        const file = newFile()
        await register(card(), "lost")
        await request(["lost"], { state: new ReprovisionState(file), isForced: true })
        expect(emulator.cloud.dps.registration("lost")).toBeUndefined()
        const { outcomes } = await request(["lost"], { state: new ReprovisionState(file), isForced: true })
        expect(outcomes).toMatchObject([{ result: "offline", code: 404103 }])
    })

    test("with an incomplete last line is used without that line", async () => {
        const file = newFile()
        await connect("cut")
        await request(["cut"], { state: new ReprovisionState(file) })
        appendFileSync(file, '{"id":"hal')
        const state = new ReprovisionState(file)
        expect(state.doneCount).toBe(1)
        await request(["nobody"], { state })
        const lines = readFileSync(file, "utf8").trim().split("\n")
        expect(lines.map(line => (JSON.parse(line) as { id?: string }).id)).toEqual([
            undefined,
            "cut",
            "nobody",
        ])
    })

    test("is rejected and stays unchanged if it is another file or damaged", () => {
        const file = newFile()
        writeFileSync(file, "registrationId\nb-1\n")
        expect(() => new ReprovisionState(file)).toThrow(/is not a state file/)
        expect(readFileSync(file, "utf8")).toBe("registrationId\nb-1\n")
        const header = JSON.stringify({ moorage: "reprovision", version: 1 })
        writeFileSync(file, `${header}\n{"id":"a"}\n`)
        expect(() => new ReprovisionState(file)).toThrow(/is damaged: line 2 /)
        expect(() => new ReprovisionState(dir)).toThrow(JournalError)
    })

    test("is not written by a dry run", async () => {
        const file = newFile()
        await register(card(), "planned")
        await request(["planned"], { state: new ReprovisionState(file), isDryRun: true })
        expect(() => readFileSync(file)).toThrow(/ENOENT/)
    })
})

test("a service that rejects the key ends the run, and the state file keeps the outcomes", async () => {
    const file = join(dir, "ended")
    await connect("done")
    await register(card(), "not")
    await request(["done"], { state: new ReprovisionState(file) })
    emulator.cloud.faultRules.add({ service: "dps", fault: { status: 401 } })
    const state = new ReprovisionState(file)
    await expect(request(["done", "not"], { state })).rejects.toMatchObject({ kind: "unauthorized" })
    await expect(request(["not"], { state })).rejects.toBeInstanceOf(CloudError)
    expect(new ReprovisionState(file).doneCount).toBe(1)
})

test("a stopped run calls no further device and waits for the calls in progress", async () => {
    await Promise.all(["w-1", "w-2", "w-3"].map(id => register(card(), id)))
    const stop = new AbortController()
    const { summary } = await request(["w-1", "w-2", "w-3"], {
        perSec: 1 / 3600,
        stop: stop.signal,
        onOutcome: () => stop.abort(),
    })
    expect(summary).toEqual({ results: { offline: 1 }, skipped: 0, isStopped: true })
})

describe("a list of IDs", () => {
    const read = (text: string) => readIdList(Readable.from([text]), "ids.txt")

    test("has one ID per line, or is a column of a CSV file", async () => {
        expect(await read("B-1\n\nb-2\n")).toEqual(["b-1", "b-2"])
        expect(await read("site,registrationId\nx,b-1\ny,b-2\n")).toEqual(["b-1", "b-2"])
    })

    test("is rejected with all issues", async () => {
        await expect(read(`b-1\nb 2\nB-1\n${"x".repeat(129)}\n`)).rejects.toThrow(
            /^ids\.txt cannot be used:\n {2}line 2: .*\n {2}line 3: duplicate registration ID b-1 \(first on line 1\)\n {2}line 4: .*129/
        )
        await expect(read("")).rejects.toThrow(/has no registration ID/)
        await expect(read("site,name\nx,y\n")).rejects.toThrow(/column registrationId is missing/)
    })
})
