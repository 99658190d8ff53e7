// Runs a board for weeks of its time, with a token renewal and a hub outage every day. For the test and the benchmark.
import { type Random, seededRandom } from "@moorage/runtime"
import { parser } from "mqtt-packet"
import { filterLink, isHub } from "./hostile-world.js"
import { createWorld } from "./firmware-world.js"

const HOUR_SEC = 3600
const DAY_SEC = 86_400
/** Length of the outage on every second day. On the other days the hub only drops the connection. */
const OUTAGE_SEC = 600
/** Interval between two heap samples, short compared with the garbage collection interval of the VM. */
const HEAP_SAMPLE_SEC = 10

export interface EnduranceOptions {
    image: "main" | "maintight"
    days: number
    telemetrySec: number
    /** Makes the random time of the planned reboot the earliest or latest possible time. */
    reboot?: "earliest" | "latest"
}

/** The measurements of a run. Times are those of the cloud's clock. */
export interface EnduranceResult {
    /** Uptime at each reset of the chip, in days. */
    rebootDays: number[]
    panics: number
    registrations: number
    lookups: number
    flashWrites: number
    /** Sessions with the hub. */
    sessions: number
    /** Telemetry messages that the hub received. */
    messages: number
    /** Largest deviation of the time between two messages of a session from the telemetry interval, in ms. */
    latestMs: number
    /** Smallest deviation, in ms: negative when a message was early. */
    earliestMs: number
    /** Longest time from the end of an outage to the next session, in s. */
    recoverySec: number
    /** Smallest heap use in the last hour of each day, in bytes. */
    heapBytes: Map<number, number>
    /** Error of the board's wall clock at its last new token, in s, calculated from the expiry of the token. */
    clockErrorSec: number
    /** Number of different tokens that the hub received. */
    tokens: number
    /** Error of the uptime in the board's last message, in s. */
    uptimeErrorSec: number
    wakes: number
}

/** Returns a random source whose first two draws consist of `byte`. They include the time of the planned reboot. */
export function randomWithFirstBytes(byte: number): Random {
    const later = seededRandom(2)
    let draws = 0
    return {
        next: () => later.next(),
        bytes: count => (draws++ < 2 ? new Uint8Array(count).fill(byte) : later.bytes(count)),
    }
}

/** Runs a board for `days` days of its time. */
export async function runEndurance(options: EnduranceOptions): Promise<EnduranceResult> {
    const { image, days, telemetrySec, reboot } = options
    let isHubDown = false
    const expiries = new Set<number>()
    let clockErrorSec = NaN
    const world = await createWorld({
        image,
        settings: { TELEMETRY_SEC: telemetrySec, TOKEN_DAYS: 1 },
        random: reboot && randomWithFirstBytes(reboot === "latest" ? 0xff : 0),
        answer: host => (isHubDown && host.startsWith("hub") ? "connect" : "accept"),
        interceptLink: (link, dial) => {
            if (!isHub(dial)) return link
            const packets = parser()
            packets.on("packet", packet => {
                if (packet.cmd !== "connect") return
                const expirySec = Number(/se=(\d+)/.exec(`${packet.password}`)?.[1])
                if (expiries.has(expirySec)) return
                expiries.add(expirySec)
                clockErrorSec = expirySec - DAY_SEC - world.clock.nowMs() / 1000
            })
            return filterLink(link, { fromBoard: bytes => packets.parse(Buffer.from(bytes)) >= 0 })
        },
    })
    const { board, cloud, clock } = world
    const result: EnduranceResult = {
        rebootDays: [],
        panics: 0,
        registrations: 0,
        lookups: 0,
        flashWrites: 0,
        sessions: 0,
        messages: 0,
        latestMs: -Infinity,
        earliestMs: Infinity,
        recoverySec: 0,
        heapBytes: new Map(),
        clockErrorSec: NaN,
        tokens: 0,
        uptimeErrorSec: NaN,
        wakes: 0,
    }
    let bootedMs = clock.nowMs()
    board.on("reset", () => {
        result.rebootDays.push((clock.nowMs() - bootedMs) / 1000 / DAY_SEC)
        bootedMs = clock.nowMs()
    })
    let last = { atMs: 0, boot: 0, reconnects: 0 }
    cloud.onEvent(event => {
        if (event.kind !== "telemetry") return
        const { uptimeSec, boot, reconnects } = JSON.parse(event.body ?? "")
        result.messages++
        result.uptimeErrorSec = uptimeSec - (event.atMs - bootedMs) / 1000
        if (boot === last.boot && reconnects === last.reconnects) {
            const deviationMs = event.atMs - last.atMs - telemetrySec * 1000
            result.latestMs = Math.max(result.latestMs, deviationMs)
            result.earliestMs = Math.min(result.earliestMs, deviationMs)
        }
        last = { atMs: event.atMs, boot, reconnects }
    })

    /** Drops the board's connection, with or without a hub outage, and waits until the board is moored again. */
    function interrupt(withOutage: boolean): void {
        for (const name of cloud.hubNames()) cloud.hub(name).disconnect("board-1")
        if (withOutage) {
            isHubDown = true
            world.advanceSec(OUTAGE_SEC)
            isHubDown = false
        }
        const endedMs = clock.nowMs()
        world.untilLogged(/^moored/, 2 * HOUR_SEC)
        result.recoverySec = Math.max(result.recoverySec, (clock.nowMs() - endedMs) / 1000)
    }

    /** Advances the last hour of a day and records the smallest heap use. */
    function sampleHeap(day: number): void {
        let minBytes = Infinity
        for (let sec = 0; sec < HOUR_SEC; sec += HEAP_SAMPLE_SEC) {
            world.advanceSec(HEAP_SAMPLE_SEC)
            minBytes = Math.min(minBytes, board.heapUsedBytes ?? Infinity)
        }
        result.heapBytes.set(day, minBytes)
    }

    const startMs = clock.nowMs()
    board.powerOn()
    for (let day = 1; day <= days; day++) {
        const dayMs = startMs + (day - 1) * DAY_SEC * 1000
        clock.advanceTo(dayMs + 12 * HOUR_SEC * 1000)
        interrupt(day % 2 === 0)
        clock.advanceTo(dayMs + 23 * HOUR_SEC * 1000)
        sampleHeap(day)
    }
    const { registrations, lookups } = cloud.counters("board-1")
    const { panics, flashWrites, wakes } = board.stats
    const moored = world.logged(/^moored/).length
    const tokens = expiries.size
    return {
        ...result,
        registrations,
        lookups,
        panics,
        flashWrites,
        wakes,
        sessions: moored,
        clockErrorSec,
        tokens,
    }
}
