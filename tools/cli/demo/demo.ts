import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LOG_PATTERNS } from "@moorage/device/shared"
import { Cloud, deviceRoutes, listen, type Servers } from "@moorage/emulator"
import { deriveDeviceKey } from "@moorage/protocol"
import { realClock, realRandom } from "@moorage/runtime"
import { Board, buildFirmware, fileFlash, loadBoardProfile, realNetwork } from "@moorage/vm"
import { BootTimer } from "./boot-timer.js"
import { describeEvent } from "@moorage/emulator"
import type { BoardReport } from "./boot-table.js"
import type { Timeline } from "@moorage/report"

const ID_SCOPE = "0ne00DEMO01"
const HUBS = ["moorage-east.azure-devices.net", "moorage-west.azure-devices.net"]
/** Low, so that the demo is short; a real board waits 120 s and sends every 60 s. */
const STABLE_SEC = 2
const TELEMETRY_SEC = 5

const FLEET = [
    { id: "full-1", profile: "moorage_devkitc" },
    { id: "tight-1", profile: "moorage_s2" },
]

/** The emulated cloud on real sockets, and two boards that are off. */
export interface Demo {
    cloud: Cloud
    berths: BootTimer[]
    close(): Promise<void>
}

function addBoard(
    { id, profile: name }: (typeof FLEET)[number],
    bytecode: Uint8Array,
    cloud: Cloud,
    network: ReturnType<typeof realNetwork>,
    folder: string,
    groupKey: string,
    timeline: Timeline
): BootTimer {
    const profile = loadBoardProfile(name)
    const board = new Board({
        id,
        bytecode,
        flash: fileFlash(join(folder, `${id}.bin`), profile.fstorPages),
        heapBytes: profile.heapKB * 1024,
        clock: realClock,
        random: realRandom,
        network,
        settings: {
            ID_SCOPE,
            REG_ID: id,
            DEVICE_KEY: deriveDeviceKey(groupKey, id),
            STABLE_SEC,
            TELEMETRY_SEC,
        },
    })
    return new BootTimer(board, profile.image, () => cloud.counters(id), timeline, realClock)
}

/** Builds the firmware, starts the cloud, makes the boards. */
export async function startDemo(timeline: Timeline): Promise<Demo> {
    timeline.heading("build the firmware")
    const images = new Map<string, Uint8Array>()
    for (const image of ["main", "maintight"]) {
        const firmware = await buildFirmware(`src/${image}.ts`)
        images.set(image, firmware.bytecode)
        timeline.print("build", `src/${image}.ts: ${firmware.bytecode.length} bytes of bytecode`)
    }
    timeline.heading("start the emulated DPS and two hubs on 127.0.0.1, TLS, with a CA made now")
    const groupKey = Buffer.from(realRandom.bytes(64)).toString("base64")
    const cloud = new Cloud({
        clock: realClock,
        random: realRandom,
        idScope: ID_SCOPE,
        hubs: HUBS.map(hostName => ({ hostName })),
        enrollmentGroups: [{ enrollmentGroupId: "demo", primaryKey: groupKey }],
        assigningMs: 2000,
        retryAfterSec: 3,
    })
    let folder: string | undefined
    let servers: Servers | undefined
    const berths: BootTimer[] = []
    async function close(): Promise<void> {
        for (const berth of berths) berth.board.powerOff()
        await servers?.close()
        if (folder) rmSync(folder, { recursive: true, force: true })
    }
    try {
        servers = await listen(cloud)
        timeline.print(
            "cloud",
            `MQTT on port ${servers.mqttPort}, HTTPS on port ${servers.httpsPort}, ID scope ${ID_SCOPE}`
        )
        const routes = deviceRoutes({ host: "127.0.0.1", ...servers }, HUBS)
        cloud.onEvent(event => {
            const text = describeEvent(event)
            if (text) timeline.print("cloud", text)
        })
        folder = mkdtempSync(join(tmpdir(), "moorage-"))
        const network = realNetwork({ ca: servers.ca, routes })
        for (const one of FLEET) {
            const bytecode = images.get(loadBoardProfile(one.profile).image)
            if (bytecode) berths.push(addBoard(one, bytecode, cloud, network, folder, groupKey, timeline))
        }
        return { cloud, berths, close }
    } catch (error) {
        await close()
        throw error
    }
}

/** What a board says last once its session is stable; the tight image keeps nothing, telemetry has to do. */
function settledLines(berth: BootTimer): RegExp[] {
    return berth.report.image === "main" ? [new RegExp(LOG_PATTERNS.stored)] : []
}

async function powerAll(scene: Demo, kind: "cold" | "warm"): Promise<void> {
    await Promise.all(
        scene.berths.map(berth => berth.boot(kind, () => berth.board.powerOn(), settledLines(berth)))
    )
}

/** Plays the demo; returns what was measured. */
export async function runDemo(scene: Demo, timeline: Timeline): Promise<BoardReport[]> {
    const { cloud, berths } = scene
    timeline.heading(
        `power on, from blank (STABLE_SEC ${STABLE_SEC}, TELEMETRY_SEC ${TELEMETRY_SEC}: low, to be short; a real board has 120 and 60)`
    )
    await powerAll(scene, "cold")
    timeline.heading("cut the power, and give it back")
    for (const berth of berths) berth.board.powerOff()
    await powerAll(scene, "warm")
    const [berth] = berths
    timeline.heading(`call the direct method Reprovision on ${berth.board.id}`)
    const hub = cloud.dps.registration(berth.board.id)?.assignedHub ?? HUBS[0]
    await berth.boot(
        "reprovision",
        async () => {
            const answer = await cloud
                .hub(hub)
                .invokeMethod(berth.board.id, "Reprovision", null, { timeoutMs: 10_000 })
            if (answer.status !== 202) throw new Error(`Reprovision was answered ${answer.status}, not 202`)
        },
        settledLines(berth)
    )
    return berths.map(({ report }) => report)
}
