// What a running roll-out tells, for a person: a line an event, and on a terminal a line that says how far it is.
import { formatLocalTime, type RolloutPlan, type HoldReason, type RolloutEvent } from "@moorage/fleet/rollout"
import { failureText } from "../monitor/survey-text.js"
import { pluralize, formatElapsed, formatNumber } from "@moorage/report"
import { boardsText } from "./plan-text.js"

type Of<E extends RolloutEvent["event"]> = Extract<RolloutEvent, { event: E }>

const FAILURES_SHOWN = 3

function heldLines({ batch, wave, reasons, failures }: Of<"held">): string[] {
    const what = batch === null ? `The end of wave ${wave} is held` : `Batch ${batch} is held`
    const why = ({ text, cure }: HoldReason) => (cure === "" ? `  ${text}` : `  ${text}. ${cure}`)
    const errors = failures.slice(0, FAILURES_SHOWN).map(failure => `    ${failureText(failure)}`)
    return [
        `${what}:`,
        ...reasons.map(why),
        ...errors,
        "  It goes on by itself when that clears. To go on all the same: Ctrl-C, and the same command with --go-on.",
    ]
}

function openLine(
    { batch, wave, boards, slots, first, last }: Of<"open">,
    { slots: { slotSec } }: RolloutPlan
): string {
    const which = boardsText({ first, last })
    return `POWER ON batch ${batch} (wave ${wave}), ${pluralize(boards, "board")}: ${which}; they register within ${formatElapsed(slots * slotSec)}`
}

function doneLines({ boards, registered, missing, missingIds }: Of<"done">): string[] {
    const lines = [`Done: ${formatNumber(registered)} of ${pluralize(boards, "board")} registered.`]
    if (missing === 0) return lines
    const more = missing > missingIds.length ? ", ..." : ""
    return [...lines, `  ${formatNumber(missing)} not registered: ${missingIds.join(", ")}${more}`]
}

/** `45 of 100 registered (predicted 47), 0 failed, 0 429s`. */
export function numbersText(look: Of<"look">): string {
    const { boards, registered, predicted, failed, throttled, lateSec } = look
    const late = lateSec > 0 ? `, ${formatElapsed(lateSec)} late` : ""
    return `${formatNumber(registered)} of ${formatNumber(boards)} registered (predicted ${formatNumber(predicted)}${late}), ${formatNumber(failed)} failed, ${formatNumber(throttled)} 429s`
}

/** The lines of an event; none for what only changes numbers. */
function linesOf(event: RolloutEvent, plan: RolloutPlan): string[] {
    switch (event.event) {
        case "begun": {
            const { boards, batches, openedBefore, dps } = event
            const before = openedBefore > 0 ? `, ${openedBefore} of them opened before` : ""
            return [
                `${pluralize(boards, "board")} in ${pluralize(batches, "batch", "batches")}${before}; DPS is ${dps}`,
            ]
        }
        case "waiting":
            return [
                `Batch ${event.batch} (wave ${event.wave}) waits for ${formatLocalTime(Date.parse(event.untilUtc), plan.timeZone)}`,
            ]
        case "open":
            return [openLine(event, plan)]
        case "look":
            return [`wave ${event.wave}: ${numbersText(event)}`]
        case "watching":
            return [
                `Wave ${event.wave}: the slots are over, ${formatNumber(event.registered)} of ${formatNumber(event.boards)} boards are registered; waiting for more`,
            ]
        case "held":
            return heldLines(event)
        case "cleared":
            return ["It has cleared: going on"]
        case "waveDone": {
            const { wave, boards, registered, isByHand } = event
            const how = isByHand ? ", approved by hand" : ""
            return [
                `Wave ${wave} is done: ${formatNumber(registered)} of ${pluralize(boards, "board")} registered${how}`,
            ]
        }
        case "done":
            return doneLines(event)
        case "stopped":
            return []
    }
}

/** An event, each line with its time. */
export function eventText(event: RolloutEvent, plan: RolloutPlan): string {
    const time = formatLocalTime(Date.parse(event.utc), plan.timeZone).slice(-5)
    return linesOf(event, plan)
        .map((line, i) => `${i === 0 ? time : "     "} ${line}\n`)
        .join("")
}
