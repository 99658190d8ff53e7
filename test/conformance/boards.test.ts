// Our boards against the emulator: the firmware in the VM, on TLS sockets, in real time.
import { deriveDeviceKey } from "@moorage/protocol"
import { realClock, realRandom } from "@moorage/runtime"
import { Board, buildFirmware, memoryFlash, realNetwork } from "@moorage/vm"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { GROUP_KEY, HUBS, ID_SCOPE, type RunningCloud, startCloud } from "./sdk.js"

const DPS_HOST = "global.azure-devices-provisioning.net"
let running: RunningCloud

beforeAll(async () => {
    running = await startCloud()
})
afterAll(() => running.close())

/** Returns a blank board that is powered off, and its console lines. */
async function newBoard(image: "main" | "maintight", id: string) {
    const { ca, mqttPort, httpsPort } = running.servers
    const mqtt = { host: "127.0.0.1", port: mqttPort }
    const routes = {
        [`${DPS_HOST}:443`]: { host: "127.0.0.1", port: httpsPort },
        ...Object.fromEntries([DPS_HOST, ...HUBS].map(host => [`${host}:8883`, mqtt])),
    }
    const { bytecode } = await buildFirmware(`src/${image}.ts`)
    const board = new Board({
        id,
        bytecode,
        flash: memoryFlash(),
        clock: realClock,
        random: realRandom,
        network: realNetwork({ ca, routes }),
        settings: {
            ID_SCOPE,
            REG_ID: id,
            DEVICE_KEY: deriveDeviceKey(GROUP_KEY, id),
            STABLE_SEC: 1,
            TELEMETRY_SEC: 1,
        },
    })
    const lines: string[] = []
    board.on("log", text => lines.push(text))
    return { board, lines }
}

const LIMIT = { timeout: 20_000 }

describe.each([
    ["full image", "main", 0],
    ["tight image", "maintight", 1],
] as const)("moorage board / %s", (_, image, lookups) => {
    test(`cold boot registers once; warm boot: no registration, ${lookups} lookups; telemetry, method, reprovision`, async () => {
        const id = `board-${image}`
        const { board, lines } = await newBoard(image, id)
        const moored = () => lines.filter(line => line.startsWith("moored ")).length
        const count = () => running.cloud.counters(id)
        try {
            board.powerOn()
            await expect.poll(moored, LIMIT).toBe(1)
            const hub = running.cloud.hub(lines.find(line => line.startsWith("moored "))?.slice(7) ?? "")
            const sent = () => running.cloud.history.filter(e => e.kind === "telemetry" && e.id === id).length
            await expect.poll(sent, LIMIT).toBeGreaterThan(2)
            expect(count().registrations).toBe(1)
            board.powerOff()
            const before = count().lookups
            board.powerOn()
            await expect.poll(moored, LIMIT).toBe(2)
            expect(count()).toMatchObject({ registrations: 1, lookups: before + lookups })
            const takesMethods = () => hub.invokeMethod(id, "nothing", {}).catch(() => undefined)
            await expect.poll(takesMethods, LIMIT).toMatchObject({ status: 404 })
            expect(await hub.invokeMethod(id, "Reprovision", {})).toMatchObject({ status: 202 })
            await expect.poll(moored, LIMIT).toBe(3)
            expect(count().registrations).toBe(2)
            expect(board.stats.panics).toBe(0)
        } finally {
            board.powerOff()
        }
    })
})
