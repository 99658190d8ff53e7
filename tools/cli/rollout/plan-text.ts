// What `moorage rollout` prints for a person.
import {
    formatLocalTime,
    type RolloutPlan,
    type PlannedBatch,
    predictedPoints,
    ratePerSec,
    maxConcurrentTightBoards,
} from "@moorage/fleet/rollout"
import { alignColumns, formatFraction } from "@moorage/report"
import { pluralize, formatElapsed, formatNumber } from "@moorage/report"
import { plotColumns } from "@moorage/report"

/** Of more batches than that only the first and the last are shown. */
const BATCHES_SHOWN = 20
const LAST_SHOWN = 3
const ID_MAX_CHARS = 24
const PLOT_MAX_CHARS = 72

const short = (id: string) => (id.length > ID_MAX_CHARS ? `${id.slice(0, ID_MAX_CHARS - 3)}...` : id)

/** `board-0001 to board-0200 (lines 2 to 201)`. */
export function boardsText({ first, last }: Pick<PlannedBatch, "first" | "last">): string {
    if (first.line === last.line) return `${short(first.id)} (line ${first.line})`
    return `${short(first.id)} to ${short(last.id)} (lines ${first.line} to ${last.line})`
}

function batchLines({ batches, timeZone }: RolloutPlan): string[] {
    const rows = batches.map((batch, i) => [
        String(i + 1),
        batch.wave,
        batch.boards,
        batch.slots,
        formatLocalTime(Date.parse(batch.startUtc), timeZone),
        formatLocalTime(Date.parse(batch.slotsEndUtc), timeZone).slice(-5),
    ])
    const [head, ...lines] = alignColumns([
        ["batch", "wave", "boards", "slots", "power on", "until"],
        ...rows,
    ])
    const told = lines.map((line, i) => `${line}  ${boardsText(batches[i] as PlannedBatch)}`)
    const left = told.length - BATCHES_SHOWN
    if (left > 0)
        told.splice(-LAST_SHOWN - left, left, `  ... ${pluralize(left, "more batch", "more batches")}`)
    return [`${head}  which`, ...told]
}

/** How fast, and why not faster. */
export function rateText({ limits, slots }: RolloutPlan): string {
    const { registrations, hubConnects, hubs, load } = limits
    const perMin = ratePerSec(limits) * 60
    const { calls, perSec } = registrations
    const isDps = (calls / perSec) * 60 <= perMin * (1 + 1e-9)
    const who = isDps
        ? `DPS takes ${formatNumber(perMin)} registrations a minute`
        : `${pluralize(hubs, "hub")} of ${formatNumber(hubConnects.calls / hubConnects.perSec)} connections a second take ${formatNumber(perMin)} boards a minute`
    const each = `${pluralize(slots.boardsPerSlot, "board")} in each slot of ${formatElapsed(slots.slotSec)}`
    const taken = (slots.boardsPerSlot * 60) / slots.slotSec
    return `${who}: ${each}, ${formatNumber(taken)} a minute (load ${formatFraction(load)})`
}

/** Why batches are small, when they are for that. */
function tightLines({ fleet, limits }: RolloutPlan): string[] {
    if (!fleet.hasTight) return []
    const most = formatNumber(maxConcurrentTightBoards(limits))
    return [`Boards with the tight image ask DPS at power-on, before their slot: ${most} in a batch at most`]
}

/** `the last one moored on Mon 2026-11-30 08:13, 0 429s`: what the model says. */
export function predictionText({ prediction, timeZone }: RolloutPlan): string {
    const { mooredUtc, moored, throttled } = prediction
    const last = formatLocalTime(Date.parse(mooredUtc), timeZone)
    return `predicted: ${formatNumber(moored)} moored, the last one on ${last}; ${formatNumber(throttled)} 429s`
}

/** All of a plan. @param width of the terminal */
export function planLines(plan: RolloutPlan, width: number): string[] {
    const { fleet, waves, batches, timeZone } = plan
    const chars = Math.max(20, Math.min(PLOT_MAX_CHARS, width - formatNumber(fleet.boards).length - 6))
    const points = predictedPoints(plan, chars)
    const ends = [points[0], points.at(-1)].map(point => formatLocalTime(point?.atMs ?? 0, timeZone))
    return [
        `${pluralize(fleet.boards, "board")} in ${pluralize(waves.length, "wave")} and ${pluralize(batches.length, "batch", "batches")}; times of ${timeZone}`,
        rateText(plan),
        ...tightLines(plan),
        "",
        ...batchLines(plan),
        "",
        "boards moored, as the model predicts",
        ...plotColumns(
            points.map(({ moored }) => moored),
            ends as [string, string]
        ),
        "",
        predictionText(plan),
    ]
}
