// What a board is doing, as far as its log tells (devs/agent): the latest word that says so counts.
import type { BoardLogEntry } from "@moorage/vm"

export interface Activity {
    /** For a person. */
    text: string
    /** The hub that it is moored at. */
    hub?: string
}

export const OFF: Activity = { text: "off" }
/** The runtime has formatted its store: no program, and no word of it. */
export const DARK: Activity = { text: "dark: no program" }

type LogPattern = [line: RegExp, doing: (found: RegExpExecArray) => Activity]

/** The first that fits counts; a line that fits none changes nothing. */
const LOG_PATTERNS: LogPattern[] = [
    [/^(.*); next in (\d+) s$/, ([, what, sec]) => ({ text: `waiting ${sec} s: ${what}` })],
    [/^boot \d+ /, () => ({ text: "asking for its hub" })],
    [/^new: slot in (\d+) s$/, ([, sec]) => ({ text: `waiting ${sec} s for its slot` })],
    [/^registering$/, () => ({ text: "registering" })],
    [/^(?:known|assigned|connecting) (\S+)$/, ([, hub]) => ({ text: `connecting to ${hub}` })],
    [/^moored (\S+)$/, ([, hub]) => ({ text: `moored at ${hub}`, hub })],
    [/^(reprovision asked|button held|token renewal)$/, ([what]) => ({ text: what })],
    [/^setting \S+ is missing or malformed$/, ([what]) => ({ text: `stopped: ${what}` })],
    [/^restarted after a panic/, () => ({ text: "waiting 1 to 2 min after a panic" })],
    [/^(planned reboot|stuck: reboot)$/, ([what]) => ({ text: what })],
]

function activityFromLog(line: string): Activity | undefined {
    for (const [pattern, doing] of LOG_PATTERNS) {
        const found = pattern.exec(line)
        if (found) return doing(found)
    }
    return undefined
}

/** What it is doing after something happened. */
export function nextActivity(before: Activity, { kind, text }: BoardLogEntry, isOn: boolean): Activity {
    if (!isOn) return OFF
    if (kind === "power" || kind === "reset") return { text: "booting" }
    if (kind === "panic") return { text: "dead of a panic" }
    return activityFromLog(text) ?? before
}
