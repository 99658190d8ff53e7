// The rollout plan as text for a terminal.
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

/** Maximum number of batches in the list. A longer list shows only the first and the last batches. */
const BATCHES_SHOWN = 20
const LAST_BATCHES_SHOWN = 3
const ID_MAX_CHARS = 24
const PLOT_MAX_CHARS = 72

const shortened = (id: string) => (id.length > ID_MAX_CHARS ? `${id.slice(0, ID_MAX_CHARS - 3)}...` : id)

/** Returns a range of boards, for example `board-0001 to board-0200 (lines 2 to 201)`. */
export function boardsText({ first, last }: Pick<PlannedBatch, "first" | "last">): string {
    if (first.line === last.line) return `${shortened(first.id)} (line ${first.line})`
    return `${shortened(first.id)} to ${shortened(last.id)} (lines ${first.line} to ${last.line})`
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
    const rowLines = lines.map((line, i) => `${line}  ${boardsText(batches[i] as PlannedBatch)}`)
    const hidden = rowLines.length - BATCHES_SHOWN
    if (hidden > 0)
        rowLines.splice(
            -LAST_BATCHES_SHOWN - hidden,
            hidden,
            `  ... ${pluralize(hidden, "more batch", "more batches")}`
        )
    return [`${head}  first and last board`, ...rowLines]
}

/** Returns the rate of registrations and the quota that limits it. */
export function rateText({ limits, slots }: RolloutPlan): string {
    const { registrations, hubConnects, hubs, load } = limits
    const perMin = ratePerSec(limits) * 60
    const { calls, perSec } = registrations
    const isLimitedByDps = (calls / perSec) * 60 <= perMin * (1 + 1e-9)
    const limit = isLimitedByDps
        ? `DPS accepts ${formatNumber(perMin)} registrations per minute`
        : `${pluralize(hubs, "hub")} with ${formatNumber(hubConnects.calls / hubConnects.perSec)} connections per second accept ${formatNumber(perMin)} boards per minute`
    const each = `${pluralize(slots.boardsPerSlot, "board")} in each slot of ${formatElapsed(slots.slotSec)}`
    const usedPerMin = (slots.boardsPerSlot * 60) / slots.slotSec
    return `${limit}: ${each}, ${formatNumber(usedPerMin)} per minute (load ${formatFraction(load)})`
}

/** Returns the reason for small batches, if the fleet has boards with the tight image. */
function tightLines({ fleet, limits }: RolloutPlan): string[] {
    if (!fleet.hasTight) return []
    const maxBoards = formatNumber(maxConcurrentTightBoards(limits))
    return [
        `Boards with the tight image call DPS at power-on, before their slot. So a batch has at most ${maxBoards} boards.`,
    ]
}

/** Returns the prediction, for example `predicted: 100 moored, the last one on Mon 2026-11-30 08:13; 0 calls throttled (429)`. */
export function predictionText({ prediction, timeZone }: RolloutPlan): string {
    const { mooredUtc, moored, throttled } = prediction
    const last = formatLocalTime(Date.parse(mooredUtc), timeZone)
    return `predicted: ${formatNumber(moored)} moored, the last one on ${last}; ${pluralize(throttled, "call")} throttled (429)`
}

/** Returns the plan as lines of text. @param width width of the terminal in characters */
export function planLines(plan: RolloutPlan, width: number): string[] {
    const { fleet, waves, batches, timeZone } = plan
    const chars = Math.max(20, Math.min(PLOT_MAX_CHARS, width - formatNumber(fleet.boards).length - 6))
    const points = predictedPoints(plan, chars)
    const ends = [points[0], points.at(-1)].map(point => formatLocalTime(point?.atMs ?? 0, timeZone))
    return [
        `${pluralize(fleet.boards, "board")} in ${pluralize(waves.length, "wave")} and ${pluralize(batches.length, "batch", "batches")}; times in ${timeZone}`,
        rateText(plan),
        ...tightLines(plan),
        "",
        ...batchLines(plan),
        "",
        "predicted number of moored boards",
        ...plotColumns(
            points.map(({ moored }) => moored),
            ends as [string, string]
        ),
        "",
        predictionText(plan),
    ]
}
