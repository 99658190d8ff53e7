// The fleet file: a CSV with a line a board. `registrationId` is required; whatever else it has stays as it is.
import { createReadStream } from "node:fs"
import type { Readable } from "node:stream"
import { validateNetwork, type WifiNetwork } from "@moorage/vm"
import { checkId, validateKey, DuplicateIdTracker } from "./validate-ids.js"
import { FleetError, type InputIssue } from "./input-issues.js"
import { csvFormOf, csvLine, csvRecords } from "./csv.js"
import { FIRMWARE_SETTINGS, OWN_COLUMNS, settingOf, type SettingValue } from "./firmware-settings.js"

const ID = "registrationId"

/** One board of the file. Key and network are secrets. */
export interface FleetBoard {
    line: number
    /** In lower case. */
    registrationId: string
    /** Base64; absent when it is to be derived from the group's key. */
    key?: string
    /** The board's profile (boards/), when the file says it. */
    profile?: string
    network?: WifiNetwork
    /** By name of docs/reference/settings.md. */
    settings: Record<string, SettingValue>
}

/** What a board has where its line does not say. */
export interface FleetDefaults {
    profile?: string
    network?: WifiNetwork
    settings?: Record<string, SettingValue>
    /** Whether each board must have a key of its own, because there is no group key. */
    keyRequired?: boolean
    /** Profiles that there are. */
    profiles: string[]
}

type Columns = Map<string, number>

/** The setting that a column is, if it is one. */
function settingColumn(column: string): string | undefined {
    const own = OWN_COLUMNS[column]
    return own ?? (/^[A-Z][A-Z0-9_]*$/.test(column) ? column : undefined)
}

/** Whether two columns hold the same: `slot` and `SLOT` do. */
function isSameColumn(one: string, other: string): boolean {
    const setting = settingColumn(one)
    return one === other || (setting !== undefined && setting === settingColumn(other))
}

/** Columns by name. @throws FleetError */
function columnsOf(fields: string[], line: number, source: string): Columns {
    const mistakes: InputIssue[] = []
    const columns: Columns = new Map()
    const settings = new Map<string, string>()
    for (const [i, column] of fields.entries()) {
        if (columns.has(column)) mistakes.push({ line, text: `has two columns ${column}` })
        columns.set(column, i)
        const setting = settingColumn(column)
        if (setting === undefined) continue
        if (!(setting in FIRMWARE_SETTINGS))
            mistakes.push({
                line,
                text: `has a column ${column}, which is no setting (docs/reference/settings.md)`,
            })
        const other = settings.get(setting)
        if (other !== undefined && other !== column)
            mistakes.push({ line, text: `has ${other} and ${column}, which are the same setting` })
        settings.set(setting, column)
    }
    if (!columns.has(ID)) mistakes.push({ line, text: `names no column ${ID}` })
    if (mistakes.length > 0) throw new FleetError(source, mistakes)
    return columns
}

function settingsOf(columns: Columns, fields: string[], wrong: string[]): Record<string, SettingValue> {
    const settings: Record<string, SettingValue> = {}
    for (const [column, i] of columns) {
        const name = settingColumn(column)
        const given = fields[i]
        if (name === undefined || given === undefined || given === "") continue
        const read = settingOf(name, given)
        if ("mistake" in read) wrong.push(read.mistake)
        else settings[name] = read.value
    }
    return settings
}

/** The network of a line: its own, or the file's. An SSID of its own without a password is an open network. */
function networkOf(
    ssid: string | undefined,
    psk: string | undefined,
    { network }: FleetDefaults,
    wrong: string[]
): WifiNetwork | undefined {
    if (ssid === undefined) {
        if (psk !== undefined && network === undefined) wrong.push("has a psk but no ssid")
        return network && psk !== undefined ? { ssid: network.ssid, psk } : network
    }
    const own = psk === undefined ? { ssid } : { ssid, psk }
    const mistake = validateNetwork(own)
    if (mistake !== undefined) wrong.push(mistake)
    return own
}

function boardOf(
    columns: Columns,
    fields: string[],
    line: number,
    defaults: FleetDefaults,
    wrong: string[]
): FleetBoard {
    const field = (column: string) => fields[columns.get(column) ?? -1] || undefined
    const { id, mistake } = checkId(field(ID) ?? "")
    if (id === undefined) wrong.push(mistake)
    const key = field("key")
    const badKey = key === undefined ? undefined : validateKey(key)
    if (badKey !== undefined) wrong.push(badKey)
    if (key === undefined && defaults.keyRequired) wrong.push("has no key, and there is no group key")
    const profile = field("profile") ?? defaults.profile
    if (profile === undefined) wrong.push(`has no profile: ${defaults.profiles.join(", ")}`)
    else if (!defaults.profiles.includes(profile))
        wrong.push(`there is no profile ${JSON.stringify(profile)}: ${defaults.profiles.join(", ")}`)
    const network = networkOf(field("ssid"), field("psk"), defaults, wrong)
    const settings = { ...defaults.settings, ...settingsOf(columns, fields, wrong) }
    if (settings.ID_SCOPE === undefined) wrong.push("has no idScope")
    return { line, registrationId: id ?? "", key, profile, network, settings }
}

/**
 * The boards of a fleet file, checked.
 * @throws FleetError with every mistake of the file, each with its line
 */
export async function readFleet(
    input: Readable,
    source: string,
    defaults: FleetDefaults
): Promise<FleetBoard[]> {
    const mistakes: InputIssue[] = []
    const boards: FleetBoard[] = []
    const seen = new DuplicateIdTracker()
    let columns: Columns | undefined
    for await (const { line, fields } of csvRecords(input, source)) {
        if (!columns) {
            columns = columnsOf(fields, line, source)
            continue
        }
        const wrong: string[] = []
        if (fields.length !== columns.size)
            wrong.push(`has ${fields.length} fields, the first line ${columns.size}`)
        const board = boardOf(columns, fields, line, defaults, wrong)
        const before = board.registrationId === "" ? undefined : seen.record(board.registrationId, line)
        if (before !== undefined) wrong.push(`${board.registrationId} is there already, on line ${before}`)
        for (const text of wrong) mistakes.push({ line, text })
        boards.push(board)
    }
    if (boards.length === 0) mistakes.push({ line: 1, text: "has no board" })
    if (mistakes.length > 0) throw new FleetError(source, mistakes)
    return boards
}

/** A board by its ID alone, with what the defaults say. @throws Error with every mistake */
export function boardOfId(text: string, line: number, defaults: FleetDefaults): FleetBoard {
    const wrong: string[] = []
    const board = boardOf(new Map([[ID, 0]]), [text], line, defaults, wrong)
    if (wrong.length > 0) throw new Error(wrong.join("; "))
    return board
}

/**
 * The text of a fleet file with some columns set, line by line: added at the end where they are missing; all others
 * stay as they are, and so do byte order mark and line ends.
 * @param valuesOf one value for each of `columns`, of the n-th board (from 0)
 * @throws FleetError when the file is no CSV or has no column registrationId
 */
export async function* withColumns(
    file: string,
    columns: string[],
    valuesOf: (registrationId: string, n: number) => string[]
): AsyncGenerator<string> {
    let places: number[] | undefined
    let id = 0
    let n = 0
    const { mark, lineEnd } = await csvFormOf(file)
    yield mark
    for await (const { line, fields } of csvRecords(createReadStream(file), file)) {
        const out = [...fields]
        if (!places) {
            id = columnsOf(fields, line, file).get(ID) as number
            places = columns.map(column => {
                const at = out.findIndex(other => isSameColumn(other, column))
                return at < 0 ? out.push(column) - 1 : at
            })
        } else {
            const values = valuesOf((fields[id] ?? "").toLowerCase(), n++)
            for (const [i, place] of places.entries()) out[place] = values[i] ?? ""
        }
        yield csvLine(out, lineEnd)
    }
}
