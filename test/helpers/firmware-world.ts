// A test world in memory: one board with the real firmware, the emulated cloud, and a clock that the test advances.
import { acceptHttp, acceptMqtt, Cloud } from "@moorage/emulator"
import { deriveDeviceKey } from "@moorage/protocol"
import type { Link } from "@moorage/runtime"
import { type Clock, ManualClock, type Random, seededRandom } from "@moorage/runtime"
import {
    Board,
    type DialAnswer,
    type Flash,
    type TearWrite,
    buildFirmware,
    memoryFlash,
    memoryNetwork,
} from "@moorage/vm"

export const ID_SCOPE = "0ne00ABCDEF"
export const GROUP_KEY = Buffer.alloc(64, 7).toString("base64")
export const HUBS = ["hub-1.azure-devices.net", "hub-2.azure-devices.net"]
export const HTTPS_PORT = 443

export interface FirmwareWorldOptions {
    image: "main" | "maintight"
    registrationId?: string
    /** Creates an individual enrollment with this device ID (default: the registration ID). */
    deviceId?: string
    /** The chip's identifier, 16 hex digits (default: derived from the registration ID). */
    chipId?: string
    /** Settings that replace the working defaults. The value undefined removes a setting. */
    settings?: Record<string, unknown>
    hubs?: string[]
    flash?: Flash
    /** Simulates a power failure during a flash write (default: none). */
    tear?: TearWrite
    heapBytes?: number
    gcStress?: boolean
    /** Longest sleep of the board (default: as long as the VM allows). */
    sleepMaxMs?: number
    /** Interval at which the board's main loop runs, as on a busy chip (default: whenever an event is due). */
    loopTurnMs?: number
    /** The board receives every byte of the cloud in a chunk of one byte. */
    byteByByte?: boolean
    /** Returns the link that the cloud serves, or undefined when the function serves the link without the cloud. */
    interceptLink?: (link: Link, dial: Dial) => Link | undefined
    /** Random source of the board (default: seeded). */
    random?: Random
    /** Decides how a connection attempt ends (default: `accept`). */
    answer?: (host: string, port: number) => DialAnswer
    retryAfterSec?: number
    assigningMs?: number
}

/** A connection that the board opened; `atMs` counts from the creation of the world. */
export interface Dial {
    atMs: number
    host: string
    port: number
}

/** Returns a clock that delays every call to the next turn of a loop with this period. */
function slowLoopClock(clock: ManualClock, turnMs: number): Clock {
    return {
        nowMs: () => clock.nowMs(),
        after(delayMs, fn) {
            const dueMs = clock.nowMs() + Math.max(0, delayMs)
            return clock.after(Math.ceil(dueMs / turnMs) * turnMs - clock.nowMs(), fn)
        },
    }
}

/** Returns `link` with a `send` that sends each byte in a chunk of its own. */
function sendBytewise(link: Link): Link {
    return Object.assign(Object.create(link), {
        listen: link.listen.bind(link),
        close: link.close.bind(link),
        abort: link.abort.bind(link),
        send: (bytes: Uint8Array) => bytes.forEach(byte => link.send(Uint8Array.of(byte))),
    })
}

/** Builds the world. The board is off. */
export async function createWorld(options: FirmwareWorldOptions) {
    const clock = new ManualClock()
    const startMs = clock.nowMs()
    const registrationId = options.registrationId ?? "board-1"
    const key = deriveDeviceKey(GROUP_KEY, registrationId)
    const cloud = new Cloud({
        clock,
        random: seededRandom(1),
        idScope: ID_SCOPE,
        hubs: (options.hubs ?? HUBS).map(hostName => ({ hostName })),
        enrollmentGroups: [{ enrollmentGroupId: "fleet", primaryKey: GROUP_KEY }],
        enrollments: options.deviceId
            ? [{ registrationId, deviceId: options.deviceId, primaryKey: key }]
            : [],
        retryAfterSec: options.retryAfterSec ?? 3,
        assigningMs: options.assigningMs ?? 5000,
    })
    const lines: { atMs: number; text: string }[] = []
    const dials: Dial[] = []
    const flash = options.flash ?? memoryFlash()
    const { bytecode } = await buildFirmware(`src/${options.image}.ts`)
    const network = memoryNetwork({
        clock,
        latencyMs: 5,
        answer: target => options.answer?.(target.host, target.port) ?? "accept",
        dial: (target, link) => {
            const connection = { atMs: clock.nowMs() - startMs, host: target.host, port: target.port }
            dials.push(connection)
            const outer = options.byteByByte ? sendBytewise(link) : link
            const peer = options.interceptLink ? options.interceptLink(outer, connection) : outer
            if (!peer) return
            if (target.port === HTTPS_PORT) acceptHttp(cloud, peer)
            else acceptMqtt(cloud, peer)
        },
    })
    const settings = {
        ID_SCOPE,
        DEVICE_KEY: key,
        REG_ID: registrationId,
        STABLE_SEC: 10,
        TELEMETRY_SEC: 30,
        ...options.settings,
    }
    const board = new Board({
        id: registrationId,
        deviceId: options.chipId,
        bytecode,
        flash,
        tear: options.tear,
        clock: options.loopTurnMs === undefined ? clock : slowLoopClock(clock, options.loopTurnMs),
        random: options.random ?? seededRandom(2),
        heapBytes: options.heapBytes,
        gcStress: options.gcStress,
        sleepMaxMs: options.sleepMaxMs,
        measureHeap: false,
        log: text => lines.push({ atMs: clock.nowMs() - startMs, text }),
        settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
        network,
    })
    const logged = (text: string | RegExp) =>
        lines.filter(line => (typeof text === "string" ? line.text.includes(text) : text.test(line.text)))
    return {
        board,
        cloud,
        clock,
        startMs,
        network,
        key,
        lines,
        dials,
        /** Returns the log lines that contain or match `text`. */
        logged,
        /** Advances the clock by `sec` seconds. */
        advanceSec: (sec: number) => clock.advance(sec * 1000),
        /** Advances the clock until the board logs `text` again. @throws Error after `limitSec` seconds */
        untilLogged(text: string | RegExp, limitSec = 120) {
            const before = logged(text).length
            if (!clock.advanceUntil(() => logged(text).length > before, limitSec * 1000))
                throw new Error(
                    `The board did not log ${text} in ${limitSec} s. Its log:\n${lines.map(line => line.text).join("\n")}`
                )
        },
    }
}

/** The world that {@link createWorld} returns. */
export type FirmwareWorld = Awaited<ReturnType<typeof createWorld>>
