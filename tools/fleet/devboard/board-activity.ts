// Derives the activity of a board from its log lines (devs/agent). The latest line that matches a pattern decides.
import { LOG_PATTERNS } from "@moorage/device/shared"
import type { BoardLogEntry } from "@moorage/vm"

export interface Activity {
    /** Shown to the user. */
    text: string
    /** The hub at which the board is moored. */
    hub?: string
}

export const OFF_ACTIVITY: Activity = { text: "off" }
/** The runtime has formatted its settings store, so the board has no program and logs nothing. */
export const NO_PROGRAM_ACTIVITY: Activity = { text: "dark: no program" }

type ActivityPattern = [line: string, toActivity: (match: RegExpExecArray) => Activity]

/** The first pattern that matches decides. A line without a match does not change the activity. */
const ACTIVITY_PATTERNS: ActivityPattern[] = [
    [LOG_PATTERNS.next, ([, event, sec]) => ({ text: `waiting ${sec} s: ${event}` })],
    [LOG_PATTERNS.boot, () => ({ text: "reading its assignment" })],
    [LOG_PATTERNS.slot, ([, sec]) => ({ text: `waiting ${sec} s for its slot` })],
    [LOG_PATTERNS.registering, () => ({ text: "registering" })],
    [LOG_PATTERNS.connecting, ([, hub]) => ({ text: `connecting to ${hub}` })],
    [LOG_PATTERNS.moored, ([, hub]) => ({ text: `moored at ${hub}`, hub })],
    [LOG_PATTERNS.ended, ([line]) => ({ text: line })],
    [LOG_PATTERNS.setting, ([line]) => ({ text: `stopped: ${line}` })],
    [LOG_PATTERNS.restarted, () => ({ text: "waiting 1 to 2 min after a panic" })],
    [LOG_PATTERNS.reboot, ([line]) => ({ text: line })],
]

function activityFromLog(line: string): Activity | undefined {
    for (const [pattern, toActivity] of ACTIVITY_PATTERNS) {
        const match = new RegExp(pattern).exec(line)
        if (match) return toActivity(match)
    }
    return undefined
}

/** Returns the activity of a board after a new entry of its log. */
export function nextActivity(previous: Activity, { kind, text }: BoardLogEntry, isOn: boolean): Activity {
    if (!isOn) return OFF_ACTIVITY
    if (kind === "power" || kind === "reset") return { text: "booting" }
    if (kind === "panic") return { text: "crashed (panic)" }
    return activityFromLog(text) ?? previous
}
