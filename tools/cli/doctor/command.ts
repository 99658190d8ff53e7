import { type Command, InvalidArgumentError } from "commander"
import { addPlaceOptions, CLOUD_HELP } from "../connection-options.js"
import type { DoctorOptions } from "./run.js"
import { parsePositiveDuration } from "../option-parsers.js"

const EXAMPLES = `${CLOUD_HELP}

Examples
  moorage doctor --offline                         this machine, and the settings in this folder
  moorage doctor --profile acme.yaml               and the way to DPS, the clock, the keys of the service APIs
  moorage doctor --profile acme.yaml --id board-0001 --group-key-file group.key
  moorage doctor fleet.csv --profile acme.yaml --json
  moorage emulate --json > card.json &             an emulator, and its card as the profile
  moorage doctor --profile card.json

A line is ok, warn, FAIL or skip, what was found, and its cure. Nothing is created or changed: a device is only looked up (Device
Registration Status Lookup), by --id, or the first of the fleet file, or the one of .env.local; the group key comes from
--group-key-file or MOORAGE_GROUP_KEY. docs/guide/doctor.md has all that is checked.

Exit codes: 0 nothing failed (warnings do not count), 1 something did, 2 wrong usage, 130 interrupted.`

/** `moorage doctor`. */
export function addDoctor(program: Command): void {
    const command = program
        .command("doctor")
        .summary("check machine, configuration, the way to DPS, and the keys")
        .description(
            "Checks what it takes to flash boards and to reach DPS and the hubs, and whether ID scope and keys work; says how to " +
                "cure what is wrong."
        )
        .argument("[fleet]", "a fleet file, a CSV, to check too (docs/reference/fleet-file.md)")
    addPlaceOptions(command)
        .option("--project <dir>", "folder with .env.defaults and .env.local", ".")
        .option("--id <id>", "registration ID of the device to look up", registrationId)
        .option("--id-scope <scope>", "ID scope, where nothing else says one")
        .option("--group-key-file <file>", "its first line is the group's key, Base64")
        .option("--key-file <file>", "its first line is the device's own key, Base64")
        .option("--offline", "machine and configuration only", false)
        .option("--timeout <time>", "for each check", parsePositiveDuration, 10)
        .option("--json", "print one JSON object", false)
        .addHelpText("after", EXAMPLES)
        .action(async (fleet: string | undefined, options: DoctorOptions) => {
            const { doctor } = await import("./run.js")
            await doctor(fleet, options)
        })
}

/** As DPS compares it. @throws InvalidArgumentError */
function registrationId(text: string): string {
    if (/^[a-z0-9\-._:]{0,127}[a-z0-9-]$/i.test(text)) return text.toLowerCase()
    throw new InvalidArgumentError(
        "It has up to 128 of a-z 0-9 - . _ : and ends in a letter, a digit or a dash."
    )
}
