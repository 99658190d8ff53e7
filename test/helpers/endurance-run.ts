// A board's life over weeks: its token renewed daily, its hub away once a day. For the test and the bench.
import { type Random, seededRandom } from "@moorage/runtime"
import { parser } from "mqtt-packet"
import { filterLink, isHub } from "./hostile-world.js"
import { createWorld } from "./firmware-world.js"

const HOUR_SEC = 3600
const DAY_SEC = 86_400
/** The hub is away for this long, every second day. */
const OUTAGE_SEC = 600
/** Between two looks at the heap: short beside the time in which the VM collects its garbage. */
const LOOK_SEC = 10

export interface EnduranceOptions {
    image: "main" | "maintight"
    days: number
    telemetrySec: number
    /** The planned reboot as early, or as late, as chance can make it. */
    reboot?: "earliest" | "latest"
}

/** What was seen; times are true ones, of the cloud's clock. */
export interface EnduranceResult {
    /** Uptime at each reset of the chip, in days. */
    rebootDays: number[]
    panics: number
    registrations: number
    lookups: number
    flashWrites: number
    /** Sessions with the hub, and messages that it got. */
    sessions: number
    messages: number
    /** Longest silence between two messages of one session, beyond the telemetry period, ms. */
    latestMs: number
    /** Shortest, ms: negative when one came early. */
    earliestMs: number
    /** The longest from the end of an outage to the next session, s. */
    recoverySec: number
    /** Least heap in use in the last hour of a day, bytes, by day. */
    heapBytes: Map<number, number>
    /** The board's wall clock minus the true one at its last new token, s: the token's expiry tells. */
    clockErrorSec: number
    /** Different tokens that the hub was shown. */
    tokens: number
    /** The board's uptime in its last message minus the true one, s. */
    uptimeErrorSec: number
    wakes: number
}

/** Chance whose first draws are `byte` throughout: the day of the first boot's planned reboot is one of them. */
export function randomWithFirstBytes(byte: number): Random {
    const later = seededRandom(2)
    let draws = 0
    return {
        next: () => later.next(),
        bytes: count => (draws++ < 2 ? new Uint8Array(count).fill(byte) : later.bytes(count)),
    }
}

/** Lets a board live for `days` days of its time. */
export async function runEndurance(options: EnduranceOptions): Promise<EnduranceResult> {
    const { image, days, telemetrySec, reboot } = options
    let away = false
    const expiries = new Set<number>()
    let clockErrorSec = NaN
    const world = await createWorld({
        image,
        settings: { TELEMETRY_SEC: telemetrySec, TOKEN_DAYS: 1 },
        random: reboot && randomWithFirstBytes(reboot === "latest" ? 0xff : 0),
        answer: host => (away && host.startsWith("hub") ? "connect" : "accept"),
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
    const seen: EnduranceResult = {
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
        seen.rebootDays.push((clock.nowMs() - bootedMs) / 1000 / DAY_SEC)
        bootedMs = clock.nowMs()
    })
    let last = { atMs: 0, boot: 0, reconnects: 0 }
    cloud.onEvent(event => {
        if (event.kind !== "telemetry") return
        const { uptimeSec, boot, reconnects } = JSON.parse(event.body ?? "")
        seen.messages++
        seen.uptimeErrorSec = uptimeSec - (event.atMs - bootedMs) / 1000
        if (boot === last.boot && reconnects === last.reconnects) {
            const overMs = event.atMs - last.atMs - telemetrySec * 1000
            seen.latestMs = Math.max(seen.latestMs, overMs)
            seen.earliestMs = Math.min(seen.earliestMs, overMs)
        }
        last = { atMs: event.atMs, boot, reconnects }
    })

    /** Once a day: the hub drops its boards; and is away for a while, or takes them back at once. */
    function outage(long: boolean): void {
        for (const name of cloud.hubNames()) cloud.hub(name).disconnect("board-1")
        if (long) {
            away = true
            world.advanceSec(OUTAGE_SEC)
            away = false
        }
        const endedMs = clock.nowMs()
        world.untilLogged(/^moored/, 2 * HOUR_SEC)
        seen.recoverySec = Math.max(seen.recoverySec, (clock.nowMs() - endedMs) / 1000)
    }

    /** Lets the last hour of a day pass, and notes the heap. */
    function lookAtHeap(day: number): void {
        let least = Infinity
        for (let sec = 0; sec < HOUR_SEC; sec += LOOK_SEC) {
            world.advanceSec(LOOK_SEC)
            least = Math.min(least, board.heapUsedBytes ?? Infinity)
        }
        seen.heapBytes.set(day, least)
    }

    const startMs = clock.nowMs()
    board.powerOn()
    for (let day = 1; day <= days; day++) {
        const dayMs = startMs + (day - 1) * DAY_SEC * 1000
        clock.advanceTo(dayMs + 12 * HOUR_SEC * 1000)
        outage(day % 2 === 0)
        clock.advanceTo(dayMs + 23 * HOUR_SEC * 1000)
        lookAtHeap(day)
    }
    const { registrations, lookups } = cloud.counters("board-1")
    const { panics, flashWrites, wakes } = board.stats
    const moored = world.logged(/^moored/).length
    const tokens = expiries.size
    return {
        ...seen,
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
