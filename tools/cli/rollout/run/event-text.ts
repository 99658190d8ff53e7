// The events of a roll-out as text for a terminal.
import { formatLocalTime, type RolloutPlan, type HoldReason, type RolloutEvent } from "@moorage/fleet/rollout"
import { failureText } from "../../monitor/survey-text.js"
import { pluralize, formatElapsed, formatNumber } from "@moorage/report"
import { boardsText } from "../plan/plan-text.js"

type EventOf<E extends RolloutEvent["event"]> = Extract<RolloutEvent, { event: E }>

const FAILURES_SHOWN = 3

function heldLines({ batch, wave, reasons, failures }: EventOf<"held">): string[] {
    const what = batch === null ? `The end of wave ${wave} is on hold` : `Batch ${batch} is on hold`
    const reasonLine = ({ text, cure }: HoldReason) => (cure === "" ? `  ${text}` : `  ${text}. ${cure}`)
    const errors = failures.slice(0, FAILURES_SHOWN).map(failure => `    ${failureText(failure)}`)
    return [
        `${what}:`,
        ...reasons.map(reasonLine),
        ...errors,
        "  The roll-out continues automatically when the reason for the hold no longer exists.",
        "  To continue now, press Ctrl-C and run the command again with --force-next.",
    ]
}

function openLine(
    { batch, wave, boards, slots, first, last }: EventOf<"open">,
    { slots: { slotSec } }: RolloutPlan
): string {
    const which = boardsText({ first, last })
    return `POWER ON batch ${batch} (wave ${wave}), ${pluralize(boards, "board")}: ${which}; they register within ${formatElapsed(slots * slotSec)}`
}

function doneLines({ boards, registered, missing, missingIds }: EventOf<"done">): string[] {
    const lines = [`Done: ${formatNumber(registered)} of ${pluralize(boards, "board")} registered.`]
    if (missing === 0) return lines
    const more = missing > missingIds.length ? ", ..." : ""
    return [...lines, `  ${formatNumber(missing)} not registered: ${missingIds.join(", ")}${more}`]
}

/** Returns the progress, for example `45 of 100 registered (predicted 47), 0 failed, 0 calls throttled (429)`. */
export function numbersText(look: EventOf<"look">): string {
    const { boards, registered, predicted, failed, throttled, lateSec } = look
    const late = lateSec > 0 ? `, ${formatElapsed(lateSec)} late` : ""
    return `${formatNumber(registered)} of ${formatNumber(boards)} registered (predicted ${formatNumber(predicted)}${late}), ${formatNumber(failed)} failed, ${pluralize(throttled, "call")} throttled (429)`
}

/** Returns the lines of an event. */
function linesOf(event: RolloutEvent, plan: RolloutPlan): string[] {
    switch (event.event) {
        case "begun": {
            const { boards, batches, openedBefore, dps } = event
            const earlier = openedBefore > 0 ? `, ${openedBefore} of them in an earlier run` : ""
            return [
                `${pluralize(boards, "board")} in ${pluralize(batches, "batch", "batches")}${earlier}; DPS: ${dps}`,
            ]
        }
        case "waiting":
            return [
                `Batch ${event.batch} (wave ${event.wave}) waits until ${formatLocalTime(Date.parse(event.untilUtc), plan.timeZone)}`,
            ]
        case "open":
            return [openLine(event, plan)]
        case "look":
            return [`wave ${event.wave}: ${numbersText(event)}`]
        case "watching":
            return [
                `Wave ${event.wave}: the slots have ended, ${formatNumber(event.registered)} of ${formatNumber(event.boards)} boards are registered; waiting for the rest`,
            ]
        case "held":
            return heldLines(event)
        case "cleared":
            return ["The reason for the hold no longer exists. The roll-out continues."]
        case "waveDone": {
            const { wave, boards, registered, isByHand } = event
            const how = isByHand ? ", forced by the user" : ""
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

/** Returns an event as text; the first line has its time. */
export function eventText(event: RolloutEvent, plan: RolloutPlan): string {
    const time = formatLocalTime(Date.parse(event.utc), plan.timeZone).slice(-5)
    return linesOf(event, plan)
        .map((line, i) => `${i === 0 ? time : "     "} ${line}\n`)
        .join("")
}
