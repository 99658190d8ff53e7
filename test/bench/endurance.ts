// 60 days of a board's life on its own clock: what they cost, and whether anything grows.
import { realClock } from "@moorage/runtime"
import { runEndurance, type EnduranceOptions } from "../helpers/endurance-run.js"

const RUNS: EnduranceOptions[] = [
    { image: "main", days: 60, telemetrySec: 600 },
    { image: "main", days: 60, telemetrySec: 60, reboot: "latest" },
    { image: "maintight", days: 60, telemetrySec: 600 },
]

/** Prints wall time, heap, flash writes, reboots and registrations of each run. */
export async function benchEndurance(): Promise<void> {
    console.log(
        "Endurance: 60 days, token renewed daily, the hub drops its boards daily, every second day for 10 min"
    )
    for (const run of RUNS) {
        const startMs = realClock.nowMs()
        const seen = await runEndurance(run)
        const wallSec = (realClock.nowMs() - startMs) / 1000
        const heap = [1, 30, 60].map(day => `day ${day} ${seen.heapBytes.get(day)}`).join(", ")
        console.log(
            `  ${run.image}, telemetry each ${run.telemetrySec} s: ${wallSec.toFixed(1)} s of wall time`
        )
        console.log(`    ${Math.round(seen.wakes / run.days)} wakes a day, ${seen.messages} messages,`)
        console.log(
            `    ${seen.sessions} sessions, ${seen.tokens} tokens; outages over in ${seen.recoverySec} s`
        )
        console.log(`    least heap in use, bytes: ${heap}`)
        console.log(`    reboots on day ${seen.rebootDays.map(day => day.toFixed(2)).join(", ")};`)
        console.log(`    registrations ${seen.registrations}, lookups ${seen.lookups},`)
        console.log(`    flash writes ${seen.flashWrites}, panics ${seen.panics}`)
        console.log(`    messages ${seen.earliestMs} to ${seen.latestMs} ms late, clock off by`)
        console.log(`    ${seen.clockErrorSec.toFixed(2)} s, uptime by ${seen.uptimeErrorSec.toFixed(2)} s`)
    }
}
