import { type Command, InvalidArgumentError, Option } from "commander"
import { addServiceOptions, CONNECTION_HELP } from "../connection-options.js"
import { parsePositiveDuration } from "../option-parsers.js"
import type { DoctorOptions } from "./run.js"

const EPILOGUE = `${CONNECTION_HELP}

Examples
  moorage doctor --offline                         checks this machine and the settings in this folder
  moorage doctor --profile acme.yaml               also checks network, clock and the service API keys
  moorage doctor --profile acme.yaml --id board-0001 --group-key-file group.key
  moorage doctor fleet.csv --profile acme.yaml --json
  moorage emulate --json > card.json &             start an emulator, and save its card as the profile
  moorage doctor --profile card.json

Each line has the status (ok, warn, FAIL or skip), the result and a fix. The command changes nothing. It looks up the status of
one device in DPS and does not register the device. Its ID comes from --id, from the first board of
the fleet file, or from .env.local. The group key comes from --group-key-file or MOORAGE_GROUP_KEY. docs/guide/doctor.md lists
all checks.

Exit codes: 0 no check failed (warnings are allowed), 1 a check failed, 2 wrong usage, 130 interrupted.`

/** Adds `moorage doctor`. */
export function addDoctor(program: Command): void {
    const command = program
        .command("doctor")
        .summary("check machine, configuration, network and keys")
        .description(
            "Checks this machine, the configuration, the connection to DPS and the hubs, the ID scope and the keys. Suggests " +
                "a fix for each problem."
        )
        .argument("[fleet]", "fleet file to check, CSV (docs/reference/fleet-file.md)")
    addServiceOptions(command)
        .addOption(
            new Option("--project <dir>", "folder with .env.defaults and .env.local").default(
                ".",
                "current folder"
            )
        )
        .option("--id <id>", "registration ID of the device to look up", parseRegistrationId)
        .option("--id-scope <scope>", "ID scope; overrides the connection profile")
        .option("--group-key-file <file>", "file with the Base64 group key in the first line")
        .option("--key-file <file>", "file with the Base64 device key in the first line")
        .option("--offline", "check only this machine and the configuration", false)
        .option("--timeout <time>", "time limit of each check", parsePositiveDuration, 10)
        .option("--json", "result as one JSON object", false)
        .addHelpText("after", EPILOGUE)
        .action(async (fleet: string | undefined, options: DoctorOptions) => {
            const { runDoctorCommand } = await import("./run.js")
            await runDoctorCommand(fleet, options)
        })
}

/** Parses a registration ID. Returns lower case, because DPS compares IDs without case. */
function parseRegistrationId(text: string): string {
    if (/^[a-z0-9\-._:]{0,127}[a-z0-9-]$/i.test(text)) return text.toLowerCase()
    throw new InvalidArgumentError(
        "Expected 1 to 128 characters (a-z 0-9 - . _ :) that end with a letter, a digit or a dash."
    )
}
