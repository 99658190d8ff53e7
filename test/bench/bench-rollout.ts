// Roll-out efficiency of a million boards in the fleet model: four retry strategies, and reboot storms.
// Writes docs/internals/rollout-efficiency.svg. The table is in docs/internals/rollout-efficiency.md.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { DOCUMENTED_QUOTAS, type Rate } from "@moorage/emulator"
import {
    azureSdkForC,
    cumulative,
    DEFAULT_LATENCIES,
    type FleetCurve,
    type ModelOptions,
    noJitter,
    moorageStrategy,
    planSlots,
    requirementFormula,
    simulateRebootStorm,
    simulateRollout,
} from "../../tools/simulator/model/index.js"
import { type ChartLine, lineChartSvg, type Panel } from "../../tools/report/line-chart.js"

const DEVICES = 1_000_000
const REGISTRATIONS: Rate = { calls: 1000, perSec: 60 }
const FLEET = { load: 1, devices: DEVICES, perSec: REGISTRATIONS.calls / REGISTRATIONS.perSec }
const BIN_SEC = 600
/** The value at the lower end of a logarithmic axis, drawn for zero. */
const AXIS_MIN = 0.01
const SVG = join(import.meta.dirname, "../../docs/internals/rollout-efficiency.svg")

const STRATEGIES: Pick<ModelOptions, "strategy" | "slots">[] = [
    { strategy: noJitter() },
    { strategy: azureSdkForC() },
    { strategy: requirementFormula(FLEET) },
    { strategy: moorageStrategy(FLEET), slots: planSlots(REGISTRATIONS, 1) },
]

/** Runs the model and prints one line. The CPU time does not depend on the load of the machine. */
function runMeasured(name: string, run: () => FleetCurve): FleetCurve {
    const before = process.cpuUsage()
    const beganMs = performance.now()
    const curve = run()
    const { user, system } = process.cpuUsage(before)
    const refused = curve.hubRefused.reduce((sum, count) => sum + count, 0) / curve.devices
    console.log(
        `  ${name.padEnd(44)} ${curve.mooredBoards} moored in ${Math.round(curve.mooredSec)} s, ` +
            `${(curve.mooredSec / curve.limitSec).toFixed(4)} of the limit; ` +
            `429s per board ${curve.throttledPerDevice.toFixed(4)}, refused by hubs ${refused.toFixed(2)}; ` +
            `CPU ${((user + system) / 1e6).toFixed(1)} s, wall ${((performance.now() - beganMs) / 1000).toFixed(1)} s, ` +
            `RSS ${Math.round(process.memoryUsage.rss() / 1e6)} MB`
    )
    return curve
}

/** Returns the points of a curve: hours and scaled counts. */
function pointsByHour(bins: number[], scale: number): [number, number][] {
    return bins.map((count, bin) => [((bin + 1) * BIN_SEC) / 3600, count * scale])
}

/** Returns the panels of one column: moored boards and 429s. */
function panelsOf(answer: string, curves: Map<string, FleetCurve>): Panel[] {
    // Lower lines are wider, so that they stay visible below other lines.
    const lines = (of: (curve: FleetCurve) => [number, number][]): ChartLine[] =>
        [...curves].map(([name, curve], i) => ({ name, points: of(curve), widthPx: 2 * (curves.size - i) }))
    const xMax = 25
    return [
        {
            title: `429 ${answer} retry-after: boards moored`,
            xName: "hours",
            yName: "boards",
            xMax,
            lines: lines(curve => pointsByHour(cumulative(curve.moored), 1)),
        },
        {
            title: `429 ${answer} retry-after: 429s a second`,
            xName: "hours",
            yName: "429s / s (0 at the bottom)",
            isLogarithmic: true,
            xMax,
            yMin: AXIS_MIN,
            lines: lines(curve =>
                pointsByHour(curve.throttled, 1 / BIN_SEC).map(([x, y]) => [x, Math.max(AXIS_MIN, y)])
            ),
        },
    ]
}

function measureRollouts(): void {
    const columns: Panel[][] = []
    for (const sendsRetryAfter of [false, true]) {
        const answer = sendsRetryAfter ? "with" : "without"
        const curves = new Map<string, FleetCurve>()
        console.log(`Roll-out of ${DEVICES} boards, 1,000 registrations a minute, 429 ${answer} retry-after`)
        for (const { strategy, slots } of STRATEGIES) {
            const name = (strategy?.name ?? "") + (slots ? " with slots" : "")
            const options = { devices: DEVICES, strategy, slots, sendsRetryAfter, binSec: BIN_SEC }
            curves.set(
                name,
                runMeasured(name, () => simulateRollout(options))
            )
        }
        columns.push(panelsOf(answer, curves))
    }
    const [without, given] = columns
    const svg = lineChartSvg({
        title: "1,000,000 boards powered on at the same time, 1,000 registrations a minute",
        panels: [without[0], given[0], without[1], given[1]],
        columns: 2,
        width: 1200,
        height: 800,
    })
    writeFileSync(SVG, svg)
    console.log(`  ${SVG}`)
}

/** Measures slots with a service whose quota allows bursts of at most `burstSec` seconds. */
function measureSlotPlans(): void {
    console.log("Moorage with slots, 100,000 boards, by the longest burst that the quota allows")
    for (const burstSec of [60, 10, 1]) {
        const rate = { calls: FLEET.perSec * burstSec, perSec: burstSec }
        const quotas = { ...DOCUMENTED_QUOTAS, dpsRegistrations: rate, dpsOperations: rate }
        for (const [load, slotSec] of [
            [1, 60],
            [0.98, 60],
            [0.98, 3],
            [0.96, 1],
        ])
            for (const sendsRetryAfter of [false, true]) {
                const slots = planSlots(REGISTRATIONS, load, slotSec)
                const name = `${burstSec} s of quota, ${slots.boardsPerSlot} in ${slotSec} s, retry-after ${sendsRetryAfter ? "yes" : "no"}`
                runMeasured(name, () => simulateRollout({ devices: 100_000, slots, sendsRetryAfter, quotas }))
            }
    }
}

function measureRebootStorms(): void {
    console.log("Reboot storm: boards with a valid record, all powered on at the same time")
    const s1 = { calls: 100, perSec: 1 }
    const s3 = { calls: 6000, perSec: 1 }
    for (const connackMs of [60_000, 70_000])
        for (const [what, devices, hubs, hubConnects] of [
            ["one S3 hub", DEVICES, 1, s3],
            ["100 S1 hubs", DEVICES, 100, s1],
            ["10 S1 hubs", DEVICES, 10, s1],
        ] as const) {
            const name = `${devices} on ${what}, CONNACK timeout ${connackMs / 1000} s`
            const latencies = { ...DEFAULT_LATENCIES, connackMs }
            const quotas = { ...DOCUMENTED_QUOTAS, hubConnects }
            runMeasured(name, () =>
                simulateRebootStorm({ devices, hubs, quotas, latencies, horizonSec: STORM_SEC })
            )
        }
}

/** Length of a simulated storm: the hub window, because the boards ask DPS after it. */
const STORM_SEC = 1800

/** Prints the measurements of docs/internals/rollout-efficiency.md and writes the plot. */
export async function benchRollout(): Promise<void> {
    measureRollouts()
    measureSlotPlans()
    measureRebootStorms()
}
