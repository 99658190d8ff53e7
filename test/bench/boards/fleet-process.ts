// Measures a fleet in a process of its own, so that the memory of the process is the memory of the boards:
// `fleet-process.ts COUNT SLEEP_MS TELEMETRY_SEC`.
import { acceptHttp, acceptMqtt, Cloud } from "@moorage/emulator"
import { deriveDeviceKey } from "@moorage/protocol"
import { VirtualClock } from "@moorage/simulator"
import { seededRandom } from "@moorage/runtime"
import { Board, buildFirmware, memoryNetwork } from "@moorage/vm"
import { Meter } from "./process-meter.js"

const ID_SCOPE = "0ne00ABCDEF"
const GROUP_KEY = Buffer.alloc(64, 7).toString("base64")
const HOUR_MS = 3_600_000
/** After this time, the program of each board runs. */
const STARTED_MS = 2000
/** After this time, each board is moored and stable. */
const MOORED_MS = HOUR_MS / 2
/** Boards that run before the measurement, so that one-time costs of the process do not count. */
const WARM_UP = 50

/** Costs per board: CPU time, and growth of the process memory since there was no board. */
export interface FleetCost {
    /** After `new Board`, with program and settings in flash. */
    created: { ms: number; mb: number }
    /** After power-on and the start of the program. */
    started: { ms: number; mb: number }
    /** After mooring, including the costs of the hub, its history and the network. */
    moored: { ms: number; mb: number }
    /** One virtual hour while moored. */
    hour: { ms: number; wakes: number }
}

/** Runs the boards. @throws Error when not every board moors */
async function measure(count: number, sleepMaxMs: number, telemetrySec: number): Promise<FleetCost> {
    const clock = new VirtualClock()
    const cloud = new Cloud({
        clock,
        random: seededRandom(1),
        idScope: ID_SCOPE,
        hubs: [{ hostName: "hub-1.azure-devices.net" }],
        enrollmentGroups: [{ enrollmentGroupId: "fleet", primaryKey: GROUP_KEY }],
    })
    const network = memoryNetwork({
        clock,
        latencyMs: 7,
        dial: ({ port }, link) => (port === 443 ? acceptHttp(cloud, link) : acceptMqtt(cloud, link)),
    })
    const { bytecode } = await buildFirmware("src/main.ts")
    let moored = 0
    const createBoard = (name: string, seed: number) => {
        const board = new Board({
            id: name,
            bytecode,
            clock,
            random: seededRandom(seed),
            network,
            measureHeap: false,
            sleepMaxMs,
            settings: {
                ID_SCOPE,
                REG_ID: name,
                DEVICE_KEY: deriveDeviceKey(GROUP_KEY, name),
                SLOT_SEC: 0,
                TELEMETRY_SEC: telemetrySec,
            },
        })
        board.on("log", line => {
            if (line.startsWith("moored")) moored++
        })
        return board
    }
    const warmUp = Array.from({ length: WARM_UP }, (_, i) => createBoard(`warm-up-${i}`, i))
    for (const each of warmUp) each.powerOn()
    clock.runTo(MOORED_MS)
    for (const each of warmUp) each.powerOff()
    warmUp.length = moored = 0
    const startMs = clock.elapsedMs()
    const meter = new Meter(count)
    const boards = Array.from({ length: count }, (_, i) => createBoard(`board-${i}`, i))
    const created = meter.lap()
    for (const each of boards) each.powerOn()
    clock.runTo(startMs + STARTED_MS)
    const started = meter.lap()
    clock.runTo(startMs + MOORED_MS)
    const inHub = meter.lap()
    if (moored < count) throw new Error(`Only ${moored} of ${count} boards moored.`)
    const wakes = () => boards.reduce((sum, { stats }) => sum + stats.wakes, 0) / count
    const before = wakes()
    clock.runTo(startMs + MOORED_MS + HOUR_MS)
    return { created, started, moored: inHub, hour: { ms: meter.lap().ms, wakes: wakes() - before } }
}

const [count, sleepMaxMs, telemetrySec] = process.argv.slice(2).map(Number) as [number, number, number]
process.send?.(await measure(count, sleepMaxMs, telemetrySec))
