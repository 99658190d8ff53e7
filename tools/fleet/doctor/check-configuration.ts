// The configuration: where the services are, the keys, the project's settings, the fleet file.
import { DocumentError } from "@moorage/files"
import { type CloudSettings, CloudSettingsError } from "../azure/index.js"
import type { FleetBoard } from "../fleet-file.js"
import type { CheckRunner } from "./check-runner.js"
import { fail, type Finding, ok, type CheckOutcome, skip, warn } from "./finding.js"
import type { Credentials } from "./device-credentials.js"
import type { Probes } from "./probes.js"
import { readProject } from "./project-settings.js"

/** Checked; Base64. */
export interface DoctorKeys {
    groupKey?: string
    deviceKey?: string
}

export interface ConfigurationOptions {
    /** @throws CloudSettingsError, DocumentError */
    settings: () => CloudSettings
    /** From files and the environment. @throws Error that says what is wrong with one, without the key */
    keys: () => Promise<DoctorKeys>
    /** Folder of `.env.defaults` and `.env.local`. */
    project: string
    fleet?: string
    /** Checked, in lower case. */
    id?: string
    idScope?: string
}

export interface CheckedConfiguration {
    /** None when they cannot be used. */
    settings?: CloudSettings
    credentials: Credentials
}

const CLOUD_CURE =
    "Mend it: docs/reference/connection-profile.md has the form of a profile, --help the options"
const CA_CURE = "An emulator takes its CA file away when it ends: start it again, and take its new card"

/** One for each line of the message, with its heading. */
function mistakesOf({ message }: Error): CheckOutcome[] {
    const [first, ...rest] = message.split("\n").map(line => line.trim())
    const lines = rest.length === 0 ? [first] : rest.map(line => `${first} ${line}`)
    const cureOf = (line: string) => (line.startsWith("ca: cannot read") ? CA_CURE : CLOUD_CURE)
    return lines.map(line => fail(line.replace(/\.$/, ""), cureOf(line)))
}

function cloudOutcome({ dps, hubs, idScope, deviceHost, connect }: CloudSettings): CheckOutcome {
    const parts = [
        dps ? `service API of ${dps.hostName}` : "no service API of a DPS",
        `${hubs.length} hub${hubs.length === 1 ? "" : "s"}`,
        idScope === undefined ? "no ID scope" : `ID scope ${idScope}`,
        `devices go to ${deviceHost}`,
        ...(connect ? [`all by ${connect.host}:${connect.port}`] : []),
    ]
    const what = parts.join("; ")
    if (dps || hubs.length > 0 || idScope !== undefined) return ok(what)
    return warn(what, "Say where yours are: --profile FILE, options, or the environment (--help)")
}

function keysOutcome(keys: DoctorKeys): CheckOutcome {
    const told = (what: string, key: string) => `${what} of ${Buffer.from(key, "base64").length} bytes`
    const { groupKey, deviceKey } = keys
    const all = [
        ...(groupKey === undefined ? [] : [told("a group key", groupKey)]),
        ...(deviceKey === undefined ? [] : [told("a device key", deviceKey)]),
    ]
    return all.length === 0 ? skip("no group key and no device key is given") : ok(all.join(", "))
}

/** What is read on the way, and stays unread where it cannot be. */
class Read {
    settings?: CloudSettings
    keys: DoctorKeys = {}
    project = new Map<string, string>()
    boards: FleetBoard[] = []
}

function readCloud(read: Read, { settings }: ConfigurationOptions): CheckOutcome | CheckOutcome[] {
    try {
        read.settings = settings()
        return cloudOutcome(read.settings)
    } catch (error) {
        if (error instanceof CloudSettingsError || error instanceof DocumentError) return mistakesOf(error)
        throw error
    }
}

async function readKeys(read: Read, { keys }: ConfigurationOptions): Promise<CheckOutcome> {
    try {
        read.keys = await keys()
        return keysOutcome(read.keys)
    } catch (error) {
        return fail(
            (error as Error).message.replace(/\.$/, ""),
            "Copy it anew from the enrollment in the portal"
        )
    }
}

function readSettings(read: Read, { project }: ConfigurationOptions, probes: Probes): CheckOutcome[] {
    try {
        const { settings, outcomes } = readProject(project, file => probes.readText(file))
        read.project = settings
        return outcomes
    } catch (error) {
        return [fail((error as Error).message, "See who may read it: ls -l")]
    }
}

async function readBoards(read: Read, file: string, idScope: string | undefined): Promise<CheckOutcome[]> {
    // What reads it brings the VM along: only for those who have one.
    const { readFleetFile } = await import("./check-fleet-file.js")
    const hasGroupKey = (read.keys.groupKey ?? read.settings?.groupKey) !== undefined
    const { boards, outcomes } = await readFleetFile(file, idScope, hasGroupKey)
    read.boards = boards
    return outcomes
}

export async function* checkConfiguration(
    course: CheckRunner,
    options: ConfigurationOptions,
    probes: Probes
): AsyncGenerator<Finding, CheckedConfiguration> {
    const { fleet, id } = options
    const read = new Read()
    yield* await course.run({ name: "cloud", run: () => readCloud(read, options) })
    yield* await course.run({ name: "keys", run: () => readKeys(read, options) })
    yield* await course.run({ name: "settings", run: () => readSettings(read, options, probes) })
    const idScope = options.idScope ?? read.settings?.idScope
    if (fleet !== undefined)
        yield* await course.run({ name: "fleet", run: () => readBoards(read, fleet, idScope) })
    const { keys, boards, settings, project } = read
    const credentials = { ...keys, cardKey: settings?.groupKey, id, idScope, boards, settings: project }
    return { settings, credentials }
}
