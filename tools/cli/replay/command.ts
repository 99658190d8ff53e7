import type { Command } from "commander"
import { parseDuration, parseInteger, parsePositiveInteger } from "../option-parsers.js"
import type { ReplayCommandOptions } from "./run.js"

const EPILOGUE = `
Examples
  moorage replay everything --seed 7 --id board-3                 step by step: Enter shows one event, a number shows more, q ends
  moorage replay everything --seed 7 --id board-3 --all           all events
  moorage replay everything --seed 7 --id board-3 --from 80m --to 2h --json

A run depends only on the plan, the seed and the firmware. A replay therefore shows exactly the events of the first run.

Exit codes: 0 done, 1 failed, 2 wrong usage.`

/** Adds `moorage replay`. */
export function addReplay(program: Command): void {
    program
        .command("replay")
        .summary("step through one board of a simulated run")
        .description("Runs a plan again and steps through the events of one board.")
        .argument("<plan>", "built-in plan, or a file")
        .option("--seed <n>", "random seed of the run", parseInteger, 1)
        .option("--id <id>", "registration ID of the board", "board-0")
        .option(
            "--boards <n>",
            "number of boards in the run, if it differs from the plan",
            parsePositiveInteger
        )
        .option("--images <dir>", "folder with the images of the run, if it used images")
        .option("--group-key-file <file>", "file with the group key of the images (or set MOORAGE_GROUP_KEY)")
        .option("--rollout <file>", "rollout plan of the run, if it used one")
        .option("--from <time>", "start of the output; earlier events are skipped", parseDuration, 0)
        .option("--to <time>", "end of the output; later events are skipped", parseDuration)
        .option("--all", "print all events without stopping", false)
        .option("--json", "all events as JSON lines", false)
        .addHelpText("after", EPILOGUE)
        .action(async (plan: string, options: ReplayCommandOptions) => {
            const { replay } = await import("./run.js")
            await replay(plan, options)
        })
}
