// Derives the activity of a board from its log lines (devs/agent). The latest line with an activity counts.
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

type LogPattern = [line: RegExp, toActivity: (match: RegExpExecArray) => Activity]

/** The first match counts. A line without a match does not change the activity. */
const LOG_PATTERNS: LogPattern[] = [
    [/^(.*); next in (\d+) s$/, ([, reason, sec]) => ({ text: `waiting ${sec} s: ${reason}` })],
    [/^boot \d+ /, () => ({ text: "reading its assignment" })],
    [/^new: slot in (\d+) s$/, ([, sec]) => ({ text: `waiting ${sec} s for its slot` })],
    [/^registering$/, () => ({ text: "registering" })],
    [/^(?:known|assigned|connecting) (\S+)$/, ([, hub]) => ({ text: `connecting to ${hub}` })],
    [/^moored (\S+)$/, ([, hub]) => ({ text: `moored at ${hub}`, hub })],
    [/^(reprovision asked|button held|token renewal)$/, ([line]) => ({ text: line })],
    [/^setting \S+ is missing or malformed$/, ([line]) => ({ text: `stopped: ${line}` })],
    [/^restarted after a panic/, () => ({ text: "waiting 1 to 2 min after a panic" })],
    [/^(planned reboot|stuck: reboot)$/, ([line]) => ({ text: line })],
]

function activityFromLog(line: string): Activity | undefined {
    for (const [pattern, toActivity] of LOG_PATTERNS) {
        const match = pattern.exec(line)
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
