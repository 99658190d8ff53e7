import { type Command, Option } from "commander"
import { parsePositiveDuration } from "../option-parsers.js"
import { type BoardCommandOptions, DEFAULT_BOARD, DEFAULT_ID } from "./board-options.js"

const EPILOGUE = `
Examples
  moorage board                                    connects to a built-in emulator and moors within seconds
  moorage board --board moorage_s2 --flash my.bin  boots the tight image; stores the flash and the state of the emulator
  moorage board --profile card.json                connects to a running \`moorage emulate --json > card.json\`
  moorage board --image flash/images/board-0001-0x1c0000.bin      boots an image of \`moorage manufacture\`
  moorage board --id-scope 0ne00123ABC --id board-0001 --group-key-file group.key      connects to the real DPS
  moorage board --set STABLE_SEC=2 --until moored --for 60s --json      for a script or CI

Keys on a terminal: p power, r reset, b button, B button held for 5 s, w Wi-Fi, f flash contents, t power cut during the next
flash write, e erase, s status, h help, q quit. Without a terminal, the command reads one word per line: power [on|off],
reset, button, hold, wifi [on|off], flash, tear, erase, status, help, quit. docs/guide/board.md has the details.

Exit codes: 0 done (with --until: the board is moored), 1 failed or not moored in time, 2 wrong usage,
130 interrupted before the board was moored.`

const append = (value: string, previous: string[]) => [...previous, value]

/** Adds `moorage board`. */
export function addBoard(program: Command): void {
    program
        .command("board")
        .summary("run one simulated board interactively, in real time")
        .description(
            "Boots one simulated board in real time, with the real firmware in the real VM. Shows the log of the board, and " +
                "lets you switch its power and Wi-Fi, press its button and show its flash. The board connects to a built-in " +
                "emulator by default."
        )
        .addOption(
            new Option("--board <board>", "name of a board profile in boards/").default(
                undefined,
                DEFAULT_BOARD
            )
        )
        .addOption(
            new Option("--id <id>", "registration ID").default(
                undefined,
                `the ID in the flash file, or ${DEFAULT_ID}`
            )
        )
        .option("--set <NAME=VALUE>", "setting (docs/reference/settings.md); repeatable", append, [])
        .option(
            "--image <file>",
            "image to boot, as `moorage manufacture` wrote it; its manifest must be in the parent folder"
        )
        .option(
            "--profile <file>",
            "connection profile (docs/reference/connection-profile.md); the output of `moorage emulate --json` is a profile"
        )
        .option("--id-scope <scope>", "ID scope at the real DPS")
        .option("--key-file <file>", "file with the Base64 device key in the first line")
        .option(
            "--group-key-file <file>",
            "file with the Base64 group key in the first line (or set MOORAGE_GROUP_KEY)"
        )
        .addOption(new Option("--flash <file>", "file that stores the flash").default(undefined, "in memory"))
        .option("--erase", "start with a blank flash, even if the file has contents", false)
        .option("--no-power", "start with the power off")
        .option("--for <time>", "maximum duration", parsePositiveDuration)
        .addOption(
            new Option(
                "--until <state>",
                "state that ends the command; exit code 1 after the time of --for, which is then 60 s by default"
            ).choices(["moored"])
        )
        .option("--json", "events as JSON lines", false)
        .addHelpText("after", EPILOGUE)
        .action(async (options: BoardCommandOptions) => {
            // The VM is loaded only when a board runs.
            const { runBoard } = await import("./run.js")
            await runBoard(options)
        })
}
