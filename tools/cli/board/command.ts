import { type Command, Option } from "commander"
import type { BoardCommandOptions } from "./board-options.js"
import { parsePositiveDuration } from "../option-parsers.js"

const EXAMPLES = `
Examples
  moorage board                                    a board at an emulator of its own: it moors within seconds
  moorage board --board moorage_s2 --flash my.bin  the tight image; its flash is kept, and the emulator's state beside it
  moorage board --profile card.json                at a running \`moorage emulate --json > card.json\`
  moorage board --image flash/images/board-0001-0x1c0000.bin      what \`moorage manufacture\` made
  moorage board --id-scope 0ne00123ABC --id board-0001 --group-key-file group.key      at the real DPS
  moorage board --set STABLE_SEC=2 --until moored --for 60s --json      in a script or CI

Keys on a terminal: p power, r reset, b button, B button held for 5 s, w Wi-Fi, f what is in flash, t tear the next
write, e erase, s status, h help, q quit. Without one, lines: power [on|off], reset, button, hold, wifi [on|off], flash,
tear, erase, status, help, quit. docs/guide/board.md has more.

Exit codes: 0 ended, and moored if it had to; 1 failed, or not moored in time; 2 wrong usage; 130 interrupted before it moored.`

const collect = (value: string, before: string[]) => [...before, value]

/** `moorage board`. */
export function addBoard(program: Command): void {
    program
        .command("board")
        .summary("play with one simulated board, in real time")
        .description(
            "Boots one simulated board in real time, with its log, flash, power, Wi-Fi and button: the real firmware in the " +
                "real VM. It moors at an emulator of its own unless told where."
        )
        .option("--board <board>", "profile of boards/; moorage_devkitc unless given")
        .option("--id <id>", "registration ID; that of the flash, or board-1, unless given")
        .option("--set <NAME=VALUE>", "a setting of docs/reference/settings.md; may be repeated", collect, [])
        .option("--image <file>", "boot an image that `moorage manufacture` made, its manifest beside it")
        .option(
            "--profile <file>",
            "moor at what this names: the card of `moorage emulate --json`, or docs/reference/connection-profile.md"
        )
        .option("--id-scope <scope>", "moor at the real DPS, in this ID scope")
        .option("--key-file <file>", "its first line is the device's key, Base64")
        .option("--group-key-file <file>", "its first line is the group's key; or MOORAGE_GROUP_KEY")
        .option("--flash <file>", "keep the flash there; in memory otherwise")
        .option("--erase", "start from a blank flash, whatever the file holds", false)
        .option("--no-power", "begin switched off")
        .option("--for <time>", "end after so long", parsePositiveDuration)
        .addOption(
            new Option("--until <state>", "end when it is so; exit 1 when not in --for, or 60 s").choices([
                "moored",
            ])
        )
        .option("--json", "print each event as a line of JSON", false)
        .addHelpText("after", EXAMPLES)
        .action(async (options: BoardCommandOptions) => {
            // The VM is loaded only for those who have a board.
            const { board } = await import("./run.js")
            await board(options)
        })
}
