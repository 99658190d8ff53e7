// `.env.defaults` and `.env.local`, as DeviceScript reads them (facts 4.3; @devicescript/cli 2.16.4, parseToSettings):
// by lines, a line with `#` anywhere left out, spaces kept, JSON where it is JSON.
import { checkId, validateKey } from "../validate-ids.js"
import { FIRMWARE_SETTINGS, parseSetting } from "../firmware-settings.js"

export interface EnvLine {
    /** From 1. */
    line: number
    name: string
    value: string
    /** The value as DeviceScript types it, such as a number for digits. */
    typed: unknown
}

export interface EnvIssue {
    line: number
    /** What is wrong, without the value where it may be a secret. */
    text: string
    cure: string
    /** A board does as if it were not there, which may be meant. */
    isHarmless?: boolean
}

export interface EnvFile {
    lines: EnvLine[]
    issues: EnvIssue[]
}

/** Settings whose values are never shown. */
const SECRETS = ["DEVICE_KEY", "WIFI_PWD"]
/** What DeviceScript itself takes. */
const RUNTIME = ["WIFI_SSID", "WIFI_PWD"]

function typedOf(value: string): unknown {
    try {
        return JSON.parse(value)
    } catch {
        return value
    }
}

/** What is wrong with a value of a setting that the firmware or the runtime reads. */
function valueMistake(name: string, typed: unknown): string | undefined {
    const text = String(typed)
    if (name === "REG_ID") {
        if (typeof typed === "number" && !Number.isSafeInteger(typed))
            return "REG_ID is a number that cannot be kept exactly"
        return checkId(text).issue
    }
    if (name === "DEVICE_KEY") return validateKey(text)
    if (RUNTIME.includes(name)) return undefined
    const read = parseSetting(name, text)
    return "issue" in read ? read.issue : undefined
}

/** What is wrong with a line that is read, if anything. */
function lineMistake({ line, name, value, typed }: EnvLine, isShared: boolean): EnvIssue | undefined {
    const bare = name.trim()
    if (name !== bare)
        return { line, text: `${bare} has spaces around its name`, cure: `Write ${bare}=... without them` }
    if (!(bare in FIRMWARE_SETTINGS) && !["REG_ID", "DEVICE_KEY", ...RUNTIME].includes(bare))
        return {
            line,
            text: `${bare} is no setting`,
            cure: "docs/reference/settings.md has them",
            isHarmless: true,
        }
    if (typeof typed === "string" && typed !== typed.trim())
        return { line, text: `${bare} has spaces around its value, which stay`, cure: "Take them away" }
    if (value === "") return undefined
    if (isShared && SECRETS.includes(bare))
        return { line, text: `${bare} is a secret in a file that git keeps`, cure: "Move it to .env.local" }
    if (bare === "WIFI_PWD" && typeof typed !== "string")
        return { line, text: "WIFI_PWD is read as a number", cure: 'Quote it: WIFI_PWD="..."' }
    const text = valueMistake(bare, typed)
    if (text === undefined) return undefined
    const cure =
        bare === "REG_ID" && typeof typed === "number"
            ? 'Quote it: REG_ID="..."'
            : "docs/reference/settings.md"
    return { line, text, cure }
}

/** @param isShared whether the file is the one that is kept in git */
export function parseEnv(source: string, isShared: boolean): EnvFile {
    const lines: EnvLine[] = []
    const mistakes: EnvIssue[] = []
    for (const [i, text] of source.split(/\r?\n/).entries()) {
        const line = i + 1
        if (text.includes("#")) {
            // A line that is all comment loses nothing.
            if (/^[^#]*=/.test(text))
                mistakes.push({
                    line,
                    text: `${text.split("=")[0].trim()} is dropped: the line has a #`,
                    cure: "Take the comment away, or change the value",
                })
            continue
        }
        const match = /^([^=]+)=(.*)$/.exec(text)
        if (!match) {
            if (text.trim() !== "")
                mistakes.push({ line, text: "is not NAME=VALUE, and is dropped", cure: "Mend or remove it" })
            continue
        }
        const read = { line, name: match[1], value: match[2], typed: typedOf(match[2]) }
        lines.push(read)
        const mistake = lineMistake(read, isShared)
        if (mistake) mistakes.push(mistake)
    }
    return { lines, issues: mistakes }
}
