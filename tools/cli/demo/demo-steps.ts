// The steps of the demo: cold boot, warm boot, reprovisioning.
import { LOG_PATTERNS } from "@moorage/device/shared"
import type { Timeline } from "@moorage/report"
import type { BoardReport } from "./boot-table.js"
import type { BootTimer } from "./boot-timer.js"
import { type DemoWorld, STABLE_SEC, TELEMETRY_SEC } from "./demo-world.js"

const METHOD_TIMEOUT_MS = 10_000
/** Status with which the firmware accepts the direct method Reprovision. */
const ACCEPTED = 202

/**
 * Returns the last log lines of a boot, after the session is stable. The tight image stores nothing, so it logs no such
 * line.
 */
function finalLines({ report }: BootTimer): RegExp[] {
    return report.image === "main" ? [new RegExp(LOG_PATTERNS.stored)] : []
}

async function bootAll({ timers }: DemoWorld, kind: "cold" | "warm"): Promise<void> {
    await Promise.all(
        timers.map(timer => timer.measure(kind, () => timer.board.powerOn(), finalLines(timer)))
    )
}

/** Runs the steps and returns the measurements of each board. */
export async function runDemoSteps(world: DemoWorld, timeline: Timeline): Promise<BoardReport[]> {
    const { cloud, timers } = world
    timeline.heading(
        `power on with blank flash (STABLE_SEC ${STABLE_SEC} and TELEMETRY_SEC ${TELEMETRY_SEC} keep the demo short; the defaults are 120 and 60)`
    )
    await bootAll(world, "cold")
    timeline.heading("cut the power and restore it")
    for (const { board } of timers) board.powerOff()
    await bootAll(world, "warm")
    const [timer] = timers
    const { id } = timer.board
    timeline.heading(`call the direct method Reprovision on ${id}`)
    const hub = cloud.dps.registration(id)?.assignedHub ?? cloud.hubNames()[0]
    await timer.measure(
        "reprovision",
        async () => {
            const { status } = await cloud
                .hub(hub)
                .invokeMethod(id, "Reprovision", null, { timeoutMs: METHOD_TIMEOUT_MS })
            if (status !== ACCEPTED) throw new Error(`Reprovision returned ${status} instead of ${ACCEPTED}`)
        },
        finalLines(timer)
    )
    return timers.map(({ report }) => report)
}
