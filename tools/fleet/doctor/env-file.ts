// Parses `.env.defaults` and `.env.local` as DeviceScript does (runtime-facts.md, 4.3; @devicescript/cli 2.16.4,
// parseToSettings). DeviceScript drops every line that contains `#` and keeps spaces. It parses a value as JSON if possible.
import { checkId, validateKey } from "../validate-ids.js"
import { FIRMWARE_SETTINGS, parseSetting } from "../firmware-settings.js"

export interface EnvLine {
    /** From 1. */
    line: number
    name: string
    value: string
    /** The value with the type that DeviceScript gives it, for example a number for digits. */
    typed: unknown
}

export interface EnvIssue {
    line: number
    /** Does not contain a value that may be a secret. */
    text: string
    cure: string
    /** Whether the line has no effect on a board. Such a line may be intended. */
    isHarmless?: boolean
}

export interface EnvFile {
    lines: EnvLine[]
    issues: EnvIssue[]
}

/** Settings whose values are never shown. */
const SECRETS = ["DEVICE_KEY", "WIFI_PWD"]
/** Settings that the DeviceScript runtime reads. */
const RUNTIME_SETTINGS = ["WIFI_SSID", "WIFI_PWD"]
const IDENTITY_SETTINGS = ["REG_ID", "DEVICE_KEY"]
const SETTINGS_PAGE = "See docs/reference/settings.md"

function parseValue(value: string): unknown {
    try {
        return JSON.parse(value)
    } catch {
        return value
    }
}

/** Returns the issue of the value of a known setting, or undefined. */
function valueIssue(name: string, typed: unknown): string | undefined {
    const text = String(typed)
    if (name === "REG_ID") {
        if (typeof typed === "number" && !Number.isSafeInteger(typed))
            return "REG_ID is a number with too many digits to be stored exactly"
        return checkId(text).issue
    }
    if (name === "DEVICE_KEY") return validateKey(text)
    if (RUNTIME_SETTINGS.includes(name)) return undefined
    const parsed = parseSetting(name, text)
    return "issue" in parsed ? parsed.issue : undefined
}

const isKnown = (name: string) =>
    name in FIRMWARE_SETTINGS || IDENTITY_SETTINGS.includes(name) || RUNTIME_SETTINGS.includes(name)

/** Returns the issue of a line that DeviceScript reads, or undefined. */
function lineIssue({ line, name, value, typed }: EnvLine, isInGit: boolean): EnvIssue | undefined {
    const bare = name.trim()
    if (name !== bare)
        return { line, text: `${bare} has spaces around its name`, cure: `Write ${bare}=... without spaces` }
    if (!isKnown(bare))
        return { line, text: `${bare} is not a setting`, cure: SETTINGS_PAGE, isHarmless: true }
    if (typeof typed === "string" && typed !== typed.trim())
        return {
            line,
            text: `${bare} has spaces around its value`,
            cure: "Remove them: they become part of the value",
        }
    if (value === "") return undefined
    if (isInGit && SECRETS.includes(bare))
        return { line, text: `${bare} is a secret in a file that is in git`, cure: "Move it to .env.local" }
    if (bare === "WIFI_PWD" && typeof typed !== "string")
        return { line, text: "WIFI_PWD is read as a number", cure: 'Quote it: WIFI_PWD="..."' }
    const text = valueIssue(bare, typed)
    if (text === undefined) return undefined
    const cure = bare === "REG_ID" && typeof typed === "number" ? 'Quote it: REG_ID="..."' : SETTINGS_PAGE
    return { line, text, cure }
}

/** Returns the lines of a file and their issues. @param isInGit whether the file is `.env.defaults`, which is kept in git */
export function parseEnv(source: string, isInGit: boolean): EnvFile {
    const lines: EnvLine[] = []
    const issues: EnvIssue[] = []
    for (const [i, text] of source.split(/\r?\n/).entries()) {
        const line = i + 1
        if (text.includes("#")) {
            // A line that is only a comment contains no setting.
            if (/^[^#]*=/.test(text))
                issues.push({
                    line,
                    text: `${text.split("=")[0].trim()} is dropped because the line contains #`,
                    cure: "Remove the comment, or change the value",
                })
            continue
        }
        const match = /^([^=]+)=(.*)$/.exec(text)
        if (!match) {
            if (text.trim() !== "")
                issues.push({
                    line,
                    text: "is dropped because it is not NAME=VALUE",
                    cure: "Fix or remove the line",
                })
            continue
        }
        const parsed = { line, name: match[1], value: match[2], typed: parseValue(match[2]) }
        lines.push(parsed)
        const issue = lineIssue(parsed, isInGit)
        if (issue) issues.push(issue)
    }
    return { lines, issues }
}
