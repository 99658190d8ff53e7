// Checks the configuration: addresses of the services, keys, project settings and fleet file.
import { DocumentError } from "@moorage/files"
import { type CloudSettings, CloudSettingsError } from "../azure/index.js"
import type { FleetBoard } from "../fleet-file.js"
import type { CheckRunner } from "./check-runner.js"
import { type CheckOutcome, fail, type Finding, ok, skip, warn } from "./finding.js"
import type { Credentials } from "./device-credentials.js"
import type { Probes } from "./probes.js"
import { readProject } from "./project-settings.js"

/** Validated keys, Base64. */
export interface DoctorKeys {
    groupKey?: string
    deviceKey?: string
}

export interface ConfigurationOptions {
    /** @throws CloudSettingsError, DocumentError */
    settings: () => CloudSettings
    /** Reads the keys from files and the environment. @throws Error; the message does not contain a key */
    keys: () => Promise<DoctorKeys>
    /** Folder of `.env.defaults` and `.env.local`. */
    project: string
    /** Path of a fleet file. */
    fleet?: string
    /** Validated registration ID in lower case. */
    id?: string
    idScope?: string
}

export interface CheckedConfiguration {
    /** Undefined if the settings cannot be used. */
    settings?: CloudSettings
    credentials: Credentials
}

const SETTINGS_CURE =
    "Fix it: docs/reference/connection-profile.md describes the profile, --help lists the options"
const CA_CURE = "An emulator deletes its CA file when it ends. Start it again and use its new connection card"

const withoutFullStop = (sentence: string) => sentence.replace(/\.$/, "")

/** Returns one outcome per line of the message. Each outcome starts with the heading of the message. */
function issueOutcomes({ message }: Error): CheckOutcome[] {
    const [heading, ...details] = message.split("\n").map(line => line.trim())
    const lines = details.length === 0 ? [heading] : details.map(line => `${heading} ${line}`)
    const cureOf = (line: string) => (line.startsWith("ca: cannot read") ? CA_CURE : SETTINGS_CURE)
    return lines.map(line => fail(withoutFullStop(line), cureOf(line)))
}

function settingsOutcome({ dps, hubs, idScope, deviceHost, connect }: CloudSettings): CheckOutcome {
    const parts = [
        dps ? `service API of ${dps.hostName}` : "no service API of DPS",
        `${hubs.length} hub${hubs.length === 1 ? "" : "s"}`,
        idScope === undefined ? "no ID scope" : `ID scope ${idScope}`,
        `devices use ${deviceHost}`,
        ...(connect ? [`all connections go to ${connect.host}:${connect.port}`] : []),
    ]
    const what = parts.join("; ")
    if (dps || hubs.length > 0 || idScope !== undefined) return ok(what)
    return warn(what, "Set them with --profile FILE, with options, or in the environment (--help)")
}

function keysOutcome({ groupKey, deviceKey }: DoctorKeys): CheckOutcome {
    const describeKey = (name: string, key: string) => `${name} of ${Buffer.from(key, "base64").length} bytes`
    const keys = [
        ...(groupKey === undefined ? [] : [describeKey("a group key", groupKey)]),
        ...(deviceKey === undefined ? [] : [describeKey("a device key", deviceKey)]),
    ]
    return keys.length === 0 ? skip("no group key and no device key") : ok(keys.join(", "))
}

/** Collects the parts of the configuration. A part that cannot be read keeps its initial value. */
class ConfigurationReader {
    settings?: CloudSettings
    keys: DoctorKeys = {}
    project = new Map<string, string>()
    boards: FleetBoard[] = []

    constructor(private readonly options: ConfigurationOptions) {}

    get idScope(): string | undefined {
        return this.options.idScope ?? this.settings?.idScope
    }

    readSettings(): CheckOutcome | CheckOutcome[] {
        try {
            this.settings = this.options.settings()
            return settingsOutcome(this.settings)
        } catch (error) {
            if (error instanceof CloudSettingsError || error instanceof DocumentError)
                return issueOutcomes(error)
            throw error
        }
    }

    async readKeys(): Promise<CheckOutcome> {
        try {
            this.keys = await this.options.keys()
            return keysOutcome(this.keys)
        } catch (error) {
            return fail(
                withoutFullStop((error as Error).message),
                "Copy the key again from the enrollment in the portal"
            )
        }
    }

    readProject(probes: Probes): CheckOutcome[] {
        try {
            const { settings, outcomes } = readProject(this.options.project, file => probes.readText(file))
            this.project = settings
            return outcomes
        } catch (error) {
            return [fail((error as Error).message, "Check the permissions of the file: ls -l")]
        }
    }

    async readBoards(file: string): Promise<CheckOutcome[]> {
        // This module loads the VM, which only users of a fleet file need.
        const { readFleetFile } = await import("./check-fleet-file.js")
        const hasGroupKey = (this.keys.groupKey ?? this.settings?.groupKey) !== undefined
        const { boards, outcomes } = await readFleetFile(file, { idScope: this.idScope, hasGroupKey })
        this.boards = boards
        return outcomes
    }
}

/** Yields the findings about the configuration. Returns the parts that could be read. */
export async function* checkConfiguration(
    runner: CheckRunner,
    options: ConfigurationOptions,
    probes: Probes
): AsyncGenerator<Finding, CheckedConfiguration> {
    const { fleet, id } = options
    const reader = new ConfigurationReader(options)
    yield* await runner.run({ name: "cloud", run: () => reader.readSettings() })
    yield* await runner.run({ name: "keys", run: () => reader.readKeys() })
    yield* await runner.run({ name: "settings", run: () => reader.readProject(probes) })
    if (fleet !== undefined) yield* await runner.run({ name: "fleet", run: () => reader.readBoards(fleet) })
    const { keys, boards, settings, project, idScope } = reader
    const credentials = { ...keys, cardKey: settings?.groupKey, id, idScope, boards, settings: project }
    return { settings, credentials }
}
