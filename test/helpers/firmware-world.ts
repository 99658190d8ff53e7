// The world in memory: one board with the real firmware, the emulated cloud, and a clock that tests move.
import { Cloud } from "@moorage/emulator"
import { deriveDeviceKey } from "@moorage/protocol"
import type { Link } from "@moorage/runtime"
import { type Clock, ManualClock, type Random, seededRandom } from "@moorage/runtime"
import {
    Board,
    type DialAnswer,
    type Flash,
    type Tear,
    buildFirmware,
    memoryFlash,
    memoryNetwork,
} from "@moorage/vm"

export const ID_SCOPE = "0ne00ABCDEF"
export const GROUP_KEY = Buffer.alloc(64, 7).toString("base64")
export const HUBS = ["hub-1.azure-devices.net", "hub-2.azure-devices.net"]
export const HTTPS_PORT = 443

export interface MoorOptions {
    image: "main" | "maintight"
    registrationId?: string
    /** A device ID of its own, by an individual enrollment; the registration ID otherwise. */
    deviceId?: string
    /** The chip's identifier, 16 hex digits; derived from the registration ID otherwise. */
    chipId?: string
    /** Over the ones that make the board moor; undefined takes one away. */
    settings?: Record<string, unknown>
    hubs?: string[]
    flash?: Flash
    /** Power that fails inside a write to flash; never unless given. */
    tear?: Tear
    heapBytes?: number
    gcStress?: boolean
    /** How long the board sleeps at most; as long as it can unless given. */
    sleepMaxMs?: number
    /** The board's main loop comes round only so often, as on a busy chip; whenever it wants unless given. */
    turnMs?: number
    /** Every byte that the cloud sends travels alone. */
    byteByByte?: boolean
    /** Puts something between a connection and the cloud; undefined serves the connection by itself. */
    through?: (link: Link, dial: Dial) => Link | undefined
    /** The board's chance; a seeded one unless given. */
    random?: Random
    /** What becomes of a connection; `accept` unless given. */
    answer?: (host: string, port: number) => DialAnswer
    retryAfterSec?: number
    assigningMs?: number
}

/** A connection that the board made. */
export interface Dial {
    atMs: number
    host: string
    port: number
}

/** The clock of a board whose calls all wait for the next turn of its loop. */
function inTurns(clock: ManualClock, turnMs: number): Clock {
    return {
        nowMs: () => clock.nowMs(),
        after(delayMs, fn) {
            const dueMs = clock.nowMs() + Math.max(0, delayMs)
            return clock.after(Math.ceil(dueMs / turnMs) * turnMs - clock.nowMs(), fn)
        },
    }
}

/** The link with each byte sent by itself. */
function bytewise(link: Link): Link {
    return Object.assign(Object.create(link), {
        listen: link.listen.bind(link),
        close: link.close.bind(link),
        abort: link.abort.bind(link),
        send: (bytes: Uint8Array) => bytes.forEach(byte => link.send(Uint8Array.of(byte))),
    })
}

/** Builds the world; the board is off. */
export async function moor(options: MoorOptions) {
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
            const made = { atMs: clock.nowMs() - startMs, host: target.host, port: target.port }
            dials.push(made)
            const outer = options.byteByByte ? bytewise(link) : link
            const peer = options.through ? options.through(outer, made) : outer
            if (!peer) return
            if (target.port === HTTPS_PORT) cloud.acceptHttp(peer)
            else cloud.acceptMqtt(peer)
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
        clock: options.turnMs === undefined ? clock : inTurns(clock, options.turnMs),
        random: options.random ?? seededRandom(2),
        heapBytes: options.heapBytes,
        gcStress: options.gcStress,
        sleepMaxMs: options.sleepMaxMs,
        measureHeap: false,
        log: text => lines.push({ atMs: clock.nowMs() - startMs, text }),
        settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
        network,
    })
    const said = (text: string | RegExp) =>
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
        said,
        /** Lets `sec` seconds pass. */
        pass: (sec: number) => clock.advance(sec * 1000),
        /** Lets time pass until the board says `text` once more; fails after `limitSec`. */
        until(text: string | RegExp, limitSec = 120) {
            const before = said(text).length
            if (!clock.advanceUntil(() => said(text).length > before, limitSec * 1000))
                throw new Error(
                    `not said in ${limitSec} s: ${text}\n${lines.map(line => line.text).join("\n")}`
                )
        },
    }
}

export type World = Awaited<ReturnType<typeof moor>>
