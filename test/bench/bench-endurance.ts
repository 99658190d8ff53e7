// Runs boards for 60 days of their own time and prints their resource use.
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
        "Endurance: 60 days with a token renewal and a lost connection per day, and a hub outage of 10 min every second day"
    )
    for (const run of RUNS) {
        const startMs = realClock.nowMs()
        const result = await runEndurance(run)
        const wallSec = (realClock.nowMs() - startMs) / 1000
        const heap = [1, 30, 60].map(day => `day ${day} ${result.heapBytes.get(day)}`).join(", ")
        console.log(
            `  ${run.image}, telemetry every ${run.telemetrySec} s: ${wallSec.toFixed(1)} s of wall time`
        )
        console.log(`    ${Math.round(result.wakes / run.days)} wakes per day, ${result.messages} messages,`)
        console.log(
            `    ${result.sessions} sessions, ${result.tokens} tokens; longest recovery ${result.recoverySec} s`
        )
        console.log(`    smallest heap use, bytes: ${heap}`)
        console.log(`    reboots on day ${result.rebootDays.map(day => day.toFixed(2)).join(", ")};`)
        console.log(`    registrations ${result.registrations}, lookups ${result.lookups},`)
        console.log(`    flash writes ${result.flashWrites}, panics ${result.panics}`)
        console.log(`    messages ${result.earliestMs} to ${result.latestMs} ms late, clock error`)
        console.log(
            `    ${result.clockErrorSec.toFixed(2)} s, uptime error ${result.uptimeErrorSec.toFixed(2)} s`
        )
    }
}
