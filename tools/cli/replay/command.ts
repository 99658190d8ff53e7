import type { Command } from "commander"
import { parsePositive, parseDuration, parseInteger } from "../option-parsers.js"
import type { ReplayCommandOptions } from "./run.js"

const EXAMPLES = `
Examples
  moorage replay everything --seed 7 --id board-3              step by step: Enter, a number, q
  moorage replay everything --seed 7 --id board-3 --all        all of it at once
  moorage replay everything --seed 7 --id board-3 --from 80m --to 2h --json

A run is a pure function of plan, seed and firmware: this is that board's life again, event by event.
Exit codes: 0 shown, 2 wrong usage.`

/** `moorage replay`. */
export function addReplay(program: Command): void {
    program
        .command("replay")
        .summary("step through one board of a simulated run")
        .description("Runs a plan again and steps through the life of one of its boards.")
        .argument("<plan>", "a ready plan, or a file")
        .option("--seed <n>", "the run's seed", parseInteger, 1)
        .option("--id <id>", "registration ID of the board to show", "board-0")
        .option("--boards <n>", "as many boards as the run had, when not the plan's", parsePositive)
        .option("--images <dir>", "the images that the run had in place of the plan's boards")
        .option("--group-key-file <file>", "their group's key, as the run had it; or MOORAGE_GROUP_KEY")
        .option("--rollout <file>", "the roll-out plan that the run had")
        .option("--from <time>", "leave away what was before, such as 80m", parseDuration, 0)
        .option("--to <time>", "leave away what was after", parseDuration)
        .option("--all", "all events at once, without steps", false)
        .option("--json", "all events at once, as JSON lines", false)
        .addHelpText("after", EXAMPLES)
        .action(async (plan: string, options: ReplayCommandOptions) => {
            const { replay } = await import("./run.js")
            await replay(plan, options)
        })
}
