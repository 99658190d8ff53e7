import { availableParallelism } from "node:os"
import { type Command, Option } from "commander"
import type { ManufactureCommandOptions } from "./boards-to-make.js"
import { parsePositive, parseInteger } from "../option-parsers.js"

const EXAMPLES = `
Examples
  moorage manufacture fleet.csv --out flash --group-key-file group.key --id-scope 0ne00123ABC --board moorage_devkitc
  moorage manufacture fleet.csv --out flash --group-key-file group.key --ssid plant-7 --psk-file wifi.key
  moorage manufacture fleet.csv --out flash --verify all --json
  moorage manufacture fleet.csv --out flash --scan --port /dev/ttyUSB0      a line from the scanner, a board flashed

A line of the file is a board: registrationId, and as needed key, idScope, profile, ssid, psk, slot, slotSec, fleetN, fleetCps,
load, or any setting by its name in docs/reference/settings.md. Keys that it lacks are derived from the group's, which comes from
--group-key-file or MOORAGE_GROUP_KEY; the Wi-Fi password from --psk-file or MOORAGE_WIFI_PSK. Run it again to go on
where it was interrupted.

Exit codes: 0 done, 1 failed, 2 wrong usage, or mistakes in the file (nothing is written), 130 interrupted.`

/** `all`, or a number. @throws InvalidArgumentError */
function sample(text: string): number {
    return text === "all" ? Infinity : parseInteger(text)
}

const collect = (value: string, before: string[]) => [...before, value]

/** `moorage manufacture`. */
export function addManufacture(program: Command): void {
    program
        .command("manufacture")
        .summary("make a flash image for each board of a fleet")
        .description(
            "Makes a flash image for each line of a fleet file: program, settings and Wi-Fi, written and checked by the VM. " +
                "Prints how they are flashed. Images hold keys: only you may read them."
        )
        .argument(
            "[fleet]",
            "the fleet file, a CSV (docs/reference/fleet-file.md); with --scan it may be left out"
        )
        .requiredOption("--out <dir>", "folder for images and manifest.json")
        .option("--group-key-file <file>", "its first line is the group's key, Base64")
        .option("--id-scope <scope>", "ID scope of boards whose line has none")
        .option("--board <board>", "board profile (boards/) of boards whose line has none")
        .option("--ssid <name>", "Wi-Fi network of boards whose line has none")
        .option("--psk-file <file>", "its first line is that network's password")
        .option("--set <NAME=VALUE>", "a setting of boards whose line has none; may be repeated", collect, [])
        .option("--verify <n|all>", "how many images the VM boots; all are read back", sample, 20)
        .addOption(
            new Option("--jobs <n>", "threads")
                .argParser(parsePositive)
                .default(availableParallelism(), "one a core")
        )
        .option("--scan", "read IDs from the standard input; make and flash a board for each", false)
        .option("--port <tty>", "serial port, with --scan")
        .option("--dry-run", "with --scan: print esptool's line instead of flashing", false)
        .option("--json", "print the result as JSON", false)
        .addHelpText("after", EXAMPLES)
        .action(async (fleet: string | undefined, options: ManufactureCommandOptions) => {
            const { runManufacture } = await import("./run.js")
            await runManufacture(fleet, options)
        })
}
