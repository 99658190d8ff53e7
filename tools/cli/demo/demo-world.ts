// The emulated cloud on real sockets, and two boards that are powered off.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Cloud, describeEvent, deviceRoutes, listen, type Servers } from "@moorage/emulator"
import { deriveDeviceKey } from "@moorage/protocol"
import type { Timeline } from "@moorage/report"
import { realClock, realRandom } from "@moorage/runtime"
import {
    Board,
    type BoardProfile,
    buildFirmware,
    fileFlash,
    loadBoardProfile,
    type Network,
    realNetwork,
} from "@moorage/vm"
import { BootTimer } from "./boot-timer.js"

const ID_SCOPE = "0ne00DEMO01"
const HUBS = ["moorage-east.azure-devices.net", "moorage-west.azure-devices.net"]
/** Short times keep the demo short. The firmware's defaults are 120 s and 60 s. */
export const STABLE_SEC = 2
export const TELEMETRY_SEC = 5

const FLEET = [
    { id: "full-1", profileName: "moorage_devkitc" },
    { id: "tight-1", profileName: "moorage_s2" },
]

export interface DemoWorld {
    cloud: Cloud
    /** One per board. */
    timers: BootTimer[]
    close(): Promise<void>
}

interface DemoBoardSpec {
    id: string
    profile: BoardProfile
    bytecode: Uint8Array
    folder: string
    groupKey: string
    network: Network
}

function createBoard({ id, profile, bytecode, folder, groupKey, network }: DemoBoardSpec): Board {
    return new Board({
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
}

function createCloud(groupKey: string): Cloud {
    return new Cloud({
        clock: realClock,
        random: realRandom,
        idScope: ID_SCOPE,
        hubs: HUBS.map(hostName => ({ hostName })),
        enrollmentGroups: [{ enrollmentGroupId: "demo", primaryKey: groupKey }],
        assigningMs: 2000,
        retryAfterSec: 3,
    })
}

/** Builds the firmware, starts the cloud and creates the boards. @throws MoorageError FIRMWARE_BUILD_FAILED */
export async function startDemoWorld(timeline: Timeline): Promise<DemoWorld> {
    timeline.heading("build the firmware")
    const bytecodes = new Map<string, Uint8Array>()
    for (const image of ["main", "maintight"]) {
        const { bytecode } = await buildFirmware(`src/${image}.ts`)
        bytecodes.set(image, bytecode)
        timeline.print("build", `src/${image}.ts: ${bytecode.length} bytes of bytecode`)
    }
    timeline.heading("start the emulated DPS and two hubs on 127.0.0.1, with TLS and a new CA")
    const groupKey = Buffer.from(realRandom.bytes(64)).toString("base64")
    const cloud = createCloud(groupKey)
    let folder: string | undefined
    let servers: Servers | undefined
    const timers: BootTimer[] = []
    async function close(): Promise<void> {
        for (const { board } of timers) board.powerOff()
        await servers?.close()
        if (folder) rmSync(folder, { recursive: true, force: true })
    }
    try {
        servers = await listen(cloud)
        timeline.print(
            "cloud",
            `MQTT on port ${servers.mqttPort}, HTTPS on port ${servers.httpsPort}, ID scope ${ID_SCOPE}`
        )
        cloud.onEvent(event => {
            const text = describeEvent(event)
            if (text) timeline.print("cloud", text)
        })
        folder = mkdtempSync(join(tmpdir(), "moorage-"))
        const routes = deviceRoutes({ host: "127.0.0.1", ...servers }, HUBS)
        const network = realNetwork({ ca: servers.ca, routes })
        for (const { id, profileName } of FLEET) {
            const profile = loadBoardProfile(profileName)
            const bytecode = bytecodes.get(profile.image)
            if (!bytecode) continue
            const board = createBoard({ id, profile, bytecode, folder, groupKey, network })
            const { image } = profile
            timers.push(
                new BootTimer({ board, image, counts: () => cloud.counters(id), timeline, clock: realClock })
            )
        }
        return { cloud, timers, close }
    } catch (error) {
        await close()
        throw error
    }
}
