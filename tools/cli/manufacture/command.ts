import { availableParallelism } from "node:os"
import { type Command, Option } from "commander"
import { parseInteger, parsePositiveInteger } from "../option-parsers.js"
import type { ManufactureCommandOptions } from "./boards-to-make.js"

const EPILOGUE = `
Examples
  moorage manufacture fleet.csv --out flash --group-key-file group.key --id-scope 0ne00123ABC --board moorage_devkitc
  moorage manufacture fleet.csv --out flash --group-key-file group.key --ssid plant-7 --psk-file wifi.key
  moorage manufacture fleet.csv --out flash --verify all --json
  moorage manufacture fleet.csv --out flash --scan --port /dev/ttyUSB0      flashes one board for each scanned ID

Each line of the fleet file describes one board. The column registrationId is required. The optional columns are key, idScope,
profile (the board profile), ssid, psk, slot, slotSec, fleetN, fleetCps, load and every setting in docs/reference/settings.md.
If the file has no key for a board, the command derives it from the group key in --group-key-file or MOORAGE_GROUP_KEY. The
Wi-Fi password comes from --psk-file or MOORAGE_WIFI_PSK. After an interruption, run the same command again to continue.

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
            "Makes one flash image for each line of a fleet file. An image contains the program, the settings and the Wi-Fi " +
                "network. The VM writes the images, and the command reads every image back as a check. The command then prints the command lines that flash them. " +
                "Images contain keys, so only their owner can read them."
        )
        .argument("[fleet]", "fleet file, CSV (docs/reference/fleet-file.md); optional with --scan")
        .requiredOption("--out <dir>", "output folder for the images and manifest.json")
        .option("--group-key-file <file>", "file with the Base64 group key in the first line")
        .option("--id-scope <scope>", "ID scope, for boards without an ID scope in the file")
        .option(
            "--board <board>",
            "name of a board profile in boards/, for boards without a profile in the file"
        )
        .option("--ssid <name>", "Wi-Fi network, for boards without a network in the file")
        .option("--psk-file <file>", "file with the password of --ssid in the first line")
        .option(
            "--set <NAME=VALUE>",
            "setting, for boards without a value in the file; repeatable",
            append,
            []
        )
        .option("--verify <n|all>", "number of images that the VM also boots as a check", parseSampleSize, 20)
        .addOption(
            new Option("--jobs <n>", "number of threads")
                .argParser(parsePositiveInteger)
                .default(availableParallelism(), "one per core")
        )
        .option("--scan", "read one ID per line from stdin; make and flash the image of each ID", false)
        .option("--port <tty>", "with --scan: serial port of the board")
        .option("--dry-run", "with --scan: print the command line of esptool, without flashing", false)
        .option("--json", "result as one JSON object", false)
        .addHelpText("after", EPILOGUE)
        .action(async (fleet: string | undefined, options: ManufactureCommandOptions) => {
            const { runManufacture } = await import("./run.js")
            await runManufacture(fleet, options)
        })
}
