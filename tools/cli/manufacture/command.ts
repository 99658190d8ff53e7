import { availableParallelism } from "node:os"
import { type Command, Option } from "commander"
import { parseInteger, parsePositive } from "../option-parsers.js"
import type { ManufactureCommandOptions } from "./boards-to-make.js"

const EPILOGUE = `
Examples
  moorage manufacture fleet.csv --out flash --group-key-file group.key --id-scope 0ne00123ABC --board moorage_devkitc
  moorage manufacture fleet.csv --out flash --group-key-file group.key --ssid plant-7 --psk-file wifi.key
  moorage manufacture fleet.csv --out flash --verify all --json
  moorage manufacture fleet.csv --out flash --scan --port /dev/ttyUSB0      one scanned line, one flashed board

Each line of the fleet file describes one board. The columns are registrationId and optionally key, idScope, profile (the board
profile), ssid, psk, slot, slotSec, fleetN, fleetCps, load, or any setting in docs/reference/settings.md. Missing keys are
derived from the group key in --group-key-file or MOORAGE_GROUP_KEY. The Wi-Fi password comes from --psk-file or
MOORAGE_WIFI_PSK. After an interruption, the same command continues.

Exit codes: 0 done, 1 failed, 2 wrong usage or errors in the file (nothing is written), 130 interrupted.`

/** Parses `all`, or a number of images. */
function parseSampleSize(text: string): number {
    return text === "all" ? Infinity : parseInteger(text)
}

const append = (value: string, previous: string[]) => [...previous, value]

/** Adds `moorage manufacture`. */
export function addManufacture(program: Command): void {
    program
        .command("manufacture")
        .summary("make a flash image for each board of a fleet")
        .description(
            "Makes one flash image per line of a fleet file: program, settings and Wi-Fi, written and verified by the VM. " +
                "Prints the commands to flash them. Images contain keys, so only their owner can read them."
        )
        .argument("[fleet]", "fleet file, CSV (docs/reference/fleet-file.md); optional with --scan")
        .requiredOption("--out <dir>", "output folder for the images and manifest.json")
        .option("--group-key-file <file>", "file with the Base64 group key in the first line")
        .option("--id-scope <scope>", "ID scope for boards without one in the file")
        .option("--board <board>", "board profile (boards/) for boards without one in the file")
        .option("--ssid <name>", "Wi-Fi network for boards without one in the file")
        .option("--psk-file <file>", "file with the password of --ssid in the first line")
        .option(
            "--set <NAME=VALUE>",
            "setting for boards without a value in the file; repeatable",
            append,
            []
        )
        .option(
            "--verify <n|all>",
            "number of images to boot in the VM; every image is read back",
            parseSampleSize,
            20
        )
        .addOption(
            new Option("--jobs <n>", "number of threads")
                .argParser(parsePositive)
                .default(availableParallelism(), "one per core")
        )
        .option("--scan", "scan mode: reads IDs from stdin, makes and flashes one board for each", false)
        .option("--port <tty>", "serial port, with --scan")
        .option("--dry-run", "command line of esptool only, with --scan", false)
        .option("--json", "result as one JSON object", false)
        .addHelpText("after", EPILOGUE)
        .action(async (fleet: string | undefined, options: ManufactureCommandOptions) => {
            const { runManufacture } = await import("./run.js")
            await runManufacture(fleet, options)
        })
}
