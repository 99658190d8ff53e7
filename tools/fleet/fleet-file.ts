// The fleet file: a CSV file with one line per board. The column `registrationId` is required. Unknown columns are kept.
import { createReadStream } from "node:fs"
import type { Readable } from "node:stream"
import { validateNetwork, type WifiNetwork } from "@moorage/vm"
import { checkId, DuplicateIdTracker, validateKey } from "./validate-ids.js"
import { FleetError, type InputIssue } from "./input-issues.js"
import { csvLine, readCsv, readCsvFormat } from "./csv.js"
import { FIRMWARE_SETTINGS, parseSetting, SETTING_COLUMNS, type SettingValue } from "./firmware-settings.js"

const ID = "registrationId"

/** One board of the file. The key and the network password are secrets. */
export interface FleetBoard {
    line: number
    /** In lower case. */
    registrationId: string
    /** Base64; absent if the key is derived from the group key. */
    key?: string
    /** Name of the board profile (boards/), if the file or the defaults have one. */
    profile?: string
    network?: WifiNetwork
    /** By setting name (docs/reference/settings.md). */
    settings: Record<string, SettingValue>
}

/** Values for boards that have no value in their line. */
export interface FleetDefaults {
    profile?: string
    network?: WifiNetwork
    settings?: Record<string, SettingValue>
    /** Whether each board must have its own key because there is no group key. */
    isKeyRequired?: boolean
    /** Names of all board profiles. */
    profiles: string[]
}

type Columns = Map<string, number>

/** Returns the setting that a column holds, or undefined. */
function settingColumn(column: string): string | undefined {
    const setting = SETTING_COLUMNS[column]
    return setting ?? (/^[A-Z][A-Z0-9_]*$/.test(column) ? column : undefined)
}

/** Returns whether two columns hold the same value, for example `slot` and `SLOT`. */
function isSameColumn(first: string, second: string): boolean {
    const setting = settingColumn(first)
    return first === second || (setting !== undefined && setting === settingColumn(second))
}

/** Returns the column positions by name. @throws FleetError */
function parseHeader(fields: string[], line: number, source: string): Columns {
    const issues: InputIssue[] = []
    const columns: Columns = new Map()
    const settings = new Map<string, string>()
    for (const [i, column] of fields.entries()) {
        if (columns.has(column)) issues.push({ line, text: `duplicate column ${column}` })
        columns.set(column, i)
        const setting = settingColumn(column)
        if (setting === undefined) continue
        if (!(setting in FIRMWARE_SETTINGS))
            issues.push({ line, text: `column ${column} is not a setting (see docs/reference/settings.md)` })
        const other = settings.get(setting)
        if (other !== undefined && other !== column)
            issues.push({ line, text: `columns ${other} and ${column} are the same setting` })
        settings.set(setting, column)
    }
    if (!columns.has(ID)) issues.push({ line, text: `column ${ID} is missing` })
    if (issues.length > 0) throw new FleetError(source, issues)
    return columns
}

/** Returns the settings of a line and appends each error to `issues`. */
function parseSettings(columns: Columns, fields: string[], issues: string[]): Record<string, SettingValue> {
    const settings: Record<string, SettingValue> = {}
    for (const [column, i] of columns) {
        const name = settingColumn(column)
        const text = fields[i]
        if (name === undefined || text === undefined || text === "") continue
        const parsed = parseSetting(name, text)
        if ("issue" in parsed) issues.push(parsed.issue)
        else settings[name] = parsed.value
    }
    return settings
}

interface NetworkFields {
    ssid?: string
    psk?: string
}

/** Returns the network of a line, or the default network. A line that has only an SSID describes an open network. */
function parseNetwork(
    { ssid, psk }: NetworkFields,
    { network }: FleetDefaults,
    issues: string[]
): WifiNetwork | undefined {
    if (ssid === undefined) {
        if (psk !== undefined && network === undefined) issues.push("has a psk but no ssid")
        return network && psk !== undefined ? { ssid: network.ssid, psk } : network
    }
    const own = psk === undefined ? { ssid } : { ssid, psk }
    const issue = validateNetwork(own)
    if (issue !== undefined) issues.push(issue)
    return own
}

interface BoardRecord {
    columns: Columns
    fields: string[]
    line: number
}

/** Returns the board of a line and appends each error to `issues`. */
function parseBoard(record: BoardRecord, defaults: FleetDefaults, issues: string[]): FleetBoard {
    const { columns, fields, line } = record
    const field = (column: string) => {
        const index = columns.get(column)
        return index === undefined ? undefined : fields[index] || undefined
    }
    const { id, issue } = checkId(field(ID) ?? "")
    if (id === undefined) issues.push(issue)
    const key = field("key")
    const keyIssue = key === undefined ? undefined : validateKey(key)
    if (keyIssue !== undefined) issues.push(keyIssue)
    if (key === undefined && defaults.isKeyRequired) issues.push("has no key, and there is no group key")
    const profile = field("profile") ?? defaults.profile
    const profileNames = defaults.profiles.join(", ")
    if (profile === undefined) issues.push(`has no profile (allowed: ${profileNames})`)
    else if (!defaults.profiles.includes(profile))
        issues.push(`unknown profile ${JSON.stringify(profile)} (allowed: ${profileNames})`)
    const network = parseNetwork({ ssid: field("ssid"), psk: field("psk") }, defaults, issues)
    const settings = { ...defaults.settings, ...parseSettings(columns, fields, issues) }
    if (settings.ID_SCOPE === undefined) issues.push("has no idScope")
    return { line, registrationId: id ?? "", key, profile, network, settings }
}

/**
 * Reads and checks the boards of a fleet file.
 * @param source name of the input, for error messages
 * @throws FleetError with every issue of the file and its line
 */
export async function readFleet(
    input: Readable,
    source: string,
    defaults: FleetDefaults
): Promise<FleetBoard[]> {
    const issues: InputIssue[] = []
    const boards: FleetBoard[] = []
    const seen = new DuplicateIdTracker()
    let columns: Columns | undefined
    for await (const { line, fields } of readCsv(input, source)) {
        if (!columns) {
            columns = parseHeader(fields, line, source)
            continue
        }
        const texts: string[] = []
        if (fields.length !== columns.size)
            texts.push(`has ${fields.length} fields, the first line has ${columns.size}`)
        const board = parseBoard({ columns, fields, line }, defaults, texts)
        const { registrationId } = board
        const firstLine = registrationId === "" ? undefined : seen.record(registrationId, line)
        if (firstLine !== undefined)
            texts.push(`duplicate registration ID ${registrationId} (first on line ${firstLine})`)
        for (const text of texts) issues.push({ line, text })
        boards.push(board)
    }
    if (boards.length === 0) issues.push({ line: 1, text: "has no board" })
    if (issues.length > 0) throw new FleetError(source, issues)
    return boards
}

/** Returns a board that has only a registration ID and the default values. @throws Error with every issue */
export function boardFromId(text: string, line: number, defaults: FleetDefaults): FleetBoard {
    const issues: string[] = []
    const board = parseBoard({ columns: new Map([[ID, 0]]), fields: [text], line }, defaults, issues)
    if (issues.length > 0) throw new Error(issues.join("; "))
    return board
}

/**
 * Yields the text of a fleet file with new values in some columns, line by line. Missing columns are added at the end.
 * Other columns, the byte order mark and the line ends stay unchanged.
 * @param valuesOf returns one value for each of `columns`, for the board at `index` (from 0)
 * @throws FleetError if the file is not CSV or has no column registrationId
 */
export async function* rewriteColumns(
    file: string,
    columns: string[],
    valuesOf: (registrationId: string, index: number) => string[]
): AsyncGenerator<string> {
    let positions: number[] | undefined
    let idPosition = 0
    let index = 0
    const { byteOrderMark, lineEnd } = await readCsvFormat(file)
    yield byteOrderMark
    for await (const { line, fields } of readCsv(createReadStream(file), file)) {
        const out = [...fields]
        if (!positions) {
            idPosition = parseHeader(fields, line, file).get(ID) as number
            positions = columns.map(column => {
                const found = out.findIndex(other => isSameColumn(other, column))
                return found < 0 ? out.push(column) - 1 : found
            })
        } else {
            const values = valuesOf((fields[idPosition] ?? "").toLowerCase(), index++)
            for (const [i, position] of positions.entries()) out[position] = values[i] ?? ""
        }
        yield csvLine(out, lineEnd)
    }
}
