import { availableParallelism } from "node:os"
import { type Command, InvalidArgumentError, Option } from "commander"
import { parsePositive, parseInteger } from "../option-parsers.js"
import type { SimulateOptions } from "./run.js"

const SHRINK_TRIES = 60

const EXAMPLES = `
Examples
  moorage simulate --list                                 the ready plans
  moorage simulate onboarding                             1,000 new boards at once, seed 1
  moorage simulate everything --seeds 1..100 --jobs 2     a hundred seeds over two threads
  moorage simulate my-plan.yaml --seed 7 --report run.html
  moorage simulate onboarding --boards 50 --trace run.jsonl
  moorage simulate onboarding --images flash --rollout fleet.rollout.json     just what will be flashed
  moorage simulate onboarding --boards 20 --serve card.json       a fleet for moorage monitor --profile card.json
  moorage simulate everything --index 3 --out results     seeds 301 to 400, as one of many machines
  moorage simulate --merge results                        what all of them found

Exit codes: 0 every invariant held, 1 one was broken, 2 wrong usage, 130 interrupted.`

/** `7`, or `1..100`. @throws InvalidArgumentError */
function seedRange(text: string): number[] {
    const match = /^(\d+)\.\.(\d+)$/.exec(text)
    const [from, to] = match ? [Number(match[1]), Number(match[2])] : [0, -1]
    if (!match || to < from) throw new InvalidArgumentError("A range of seeds is like 1..100.")
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** `moorage simulate`. */
export function addSimulate(program: Command): void {
    program
        .command("simulate")
        .summary("run a fleet of boards through a plan, in virtual time")
        .description(
            "Runs the real firmware on many boards against the emulated cloud, in virtual time, with the faults of a " +
                "plan, and checks that nothing breaks the rules. The same seed gives the same run."
        )
        .argument("[plan]", "a ready plan (--list), or a file (docs/reference/simulation-plan.md)")
        .option("--list", "list the ready plans", false)
        .option("--seed <n>", "the run's seed; 1 unless given", parseInteger)
        .option("--seeds <a..b>", "one run for each of these seeds", seedRange)
        .option("--boards <n>", "so many boards instead of the plan's", parsePositive)
        .option(
            "--images <dir>",
            "the images that `moorage manufacture` made there, in place of the plan's boards"
        )
        .option(
            "--group-key-file <file>",
            "with --images: the boards are of the group with this key, or MOORAGE_GROUP_KEY; else individual enrollments"
        )
        .option(
            "--rollout <file>",
            "with --images: power is given as this plan of `moorage rollout plan` says"
        )
        .option(
            "--serve <file>",
            "then let the fleet live on in real time until Ctrl-C; the file says how it is reached, for --profile"
        )
        .addOption(
            new Option("--jobs <n>", "threads, for several seeds")
                .argParser(parsePositive)
                .default(availableParallelism(), "one a core")
        )
        .option("--json", "print the result as one JSON object", false)
        .option("--report <file>", "write an HTML report")
        .option("--trace <file>", "write every event, as JSON lines")
        .option(
            "--shrink-tries <n>",
            "runs to spend on a smaller plan that fails alike",
            parseInteger,
            SHRINK_TRIES
        )
        .option(
            "--index <n>",
            "which part of many machines' seeds; JOB_COMPLETION_INDEX unless given",
            parseInteger
        )
        .option("--seeds-per-index <n>", "how many seeds a part has", parsePositive, 100)
        .option("--out <dir>", "write the summary to this folder, for --merge")
        .option("--merge <dir>", "sum up what is in this folder, instead of running")
        .addHelpText("after", EXAMPLES)
        .action(async (plan: string | undefined, options: SimulateOptions) => {
            // The VM and its company are loaded only for those who run it.
            const { simulate } = await import("./run.js")
            await simulate(plan, options)
        })
}
