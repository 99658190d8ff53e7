// Roll-out efficiency of a million boards, by the model: four ways to wait, and reboot storms.
// Writes docs/internals/rollout-efficiency.svg; its table is in docs/internals/rollout-efficiency.md.
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
/** Where a logarithmic axis ends. */
const NONE = 0.01
const SVG = join(import.meta.dirname, "../../docs/internals/rollout-efficiency.svg")

const STRATEGIES: Pick<ModelOptions, "strategy" | "slots">[] = [
    { strategy: noJitter() },
    { strategy: azureSdkForC() },
    { strategy: requirementFormula(FLEET) },
    { strategy: moorageStrategy(FLEET), slots: planSlots(REGISTRATIONS, 1) },
]

/** A run, and one line about it: its time is CPU of this process, so that a busy machine does not matter. */
function measured(name: string, run: () => FleetCurve): FleetCurve {
    const before = process.cpuUsage()
    const beganMs = performance.now()
    const curve = run()
    const { user, system } = process.cpuUsage(before)
    const refused = curve.hubRefused.reduce((sum, count) => sum + count, 0) / curve.devices
    console.log(
        `  ${name.padEnd(44)} ${curve.mooredBoards} moored in ${Math.round(curve.mooredSec)} s, ` +
            `${(curve.mooredSec / curve.limitSec).toFixed(4)} of the limit; ` +
            `429s a board ${curve.throttledPerDevice.toFixed(4)}, refused by hubs ${refused.toFixed(2)}; ` +
            `CPU ${((user + system) / 1e6).toFixed(1)} s, wall ${((performance.now() - beganMs) / 1000).toFixed(1)} s, ` +
            `RSS ${Math.round(process.memoryUsage.rss() / 1e6)} MB`
    )
    return curve
}

function hours(bins: number[], scale: number): [number, number][] {
    return bins.map((count, bin) => [((bin + 1) * BIN_SEC) / 3600, count * scale])
}

/** Moored boards, and 429s: two panels of one answer's column. */
function panels(answer: string, curves: Map<string, FleetCurve>): Panel[] {
    // Where lines lie on each other the lower ones show at the sides.
    const lines = (of: (curve: FleetCurve) => [number, number][]): ChartLine[] =>
        [...curves].map(([name, curve], i) => ({ name, points: of(curve), widthPx: 2 * (curves.size - i) }))
    const xMax = 25
    return [
        {
            title: `429 ${answer} retry-after: boards moored`,
            xName: "hours",
            yName: "boards",
            xMax,
            lines: lines(curve => hours(cumulative(curve.moored), 1)),
        },
        {
            title: `429 ${answer} retry-after: 429s a second`,
            xName: "hours",
            yName: "429s / s; at the bottom none",
            log: true,
            xMax,
            yMin: NONE,
            lines: lines(curve =>
                hours(curve.throttled, 1 / BIN_SEC).map(([x, y]) => [x, Math.max(NONE, y)])
            ),
        },
    ]
}

function rollouts(): void {
    const columns: Panel[][] = []
    for (const saysRetryAfter of [false, true]) {
        const answer = saysRetryAfter ? "with" : "without"
        const curves = new Map<string, FleetCurve>()
        console.log(`Roll-out of ${DEVICES} boards, 1,000 registrations a minute, 429 ${answer} retry-after`)
        for (const { strategy, slots } of STRATEGIES) {
            const name = (strategy?.name ?? "") + (slots ? " with slots" : "")
            const options = { devices: DEVICES, strategy, slots, saysRetryAfter, binSec: BIN_SEC }
            curves.set(
                name,
                measured(name, () => simulateRollout(options))
            )
        }
        columns.push(panels(answer, curves))
    }
    const [without, given] = columns
    const svg = lineChartSvg({
        title: "1,000,000 boards powered on at once, 1,000 registrations a minute",
        panels: [without[0], given[0], without[1], given[1]],
        columns: 2,
        width: 1200,
        height: 800,
    })
    writeFileSync(SVG, svg)
    console.log(`  ${SVG}`)
}

/** A service that allows the same in a minute, but saves up no more than `burstSec` of it. */
function slotPlans(): void {
    console.log("Ours with slots, 100,000 boards, by how much of the quota the service lets pass at once")
    for (const burstSec of [60, 10, 1]) {
        const rate = { calls: FLEET.perSec * burstSec, perSec: burstSec }
        const quotas = { ...DOCUMENTED_QUOTAS, dpsRegistrations: rate, dpsOperations: rate }
        for (const [load, slotSec] of [
            [1, 60],
            [0.98, 60],
            [0.98, 3],
            [0.96, 1],
        ])
            for (const saysRetryAfter of [false, true]) {
                const slots = planSlots(REGISTRATIONS, load, slotSec)
                const name = `${burstSec} s of quota, ${slots.boardsPerSlot} in ${slotSec} s, retry-after ${saysRetryAfter ? "yes" : "no"}`
                measured(name, () => simulateRollout({ devices: 100_000, slots, saysRetryAfter, quotas }))
            }
    }
}

function storms(): void {
    console.log("Reboot storm: boards with a valid record, all of them powered on at once")
    const s1 = { calls: 100, perSec: 1 }
    const s3 = { calls: 6000, perSec: 1 }
    for (const connackMs of [60_000, 70_000])
        for (const [what, devices, hubs, hubConnects] of [
            ["one S3 hub", DEVICES, 1, s3],
            ["100 S1 hubs", DEVICES, 100, s1],
            ["10 S1 hubs", DEVICES, 10, s1],
        ] as const) {
            const name = `${devices} on ${what}, CONNACK waited for ${connackMs / 1000} s`
            const latencies = { ...DEFAULT_LATENCIES, connackMs }
            const quotas = { ...DOCUMENTED_QUOTAS, hubConnects }
            measured(name, () =>
                simulateRebootStorm({ devices, hubs, quotas, latencies, horizonSec: STORM_SEC })
            )
        }
}

/** A storm is looked at for as long as the hub window: after that its boards turn to DPS. */
const STORM_SEC = 1800

/** Prints the measurements of docs/internals/rollout-efficiency.md, and draws its plot. */
export async function benchRollout(): Promise<void> {
    rollouts()
    slotPlans()
    storms()
}
