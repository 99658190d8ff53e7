import { availableParallelism } from "node:os"
import { type Command, InvalidArgumentError, Option } from "commander"
import { parseInteger, parsePositiveInteger } from "../option-parsers.js"
import { DEFAULT_SEED, type SimulateOptions } from "./simulate-options.js"

const SHRINK_TRIES = 60

const EPILOGUE = `
Examples
  moorage simulate --list                                 names of the built-in plans
  moorage simulate onboarding                             1,000 new boards, seed 1
  moorage simulate everything --seeds 1..100 --jobs 2     100 seeds on two threads
  moorage simulate my-plan.yaml --seed 7 --report run.html
  moorage simulate onboarding --boards 50 --trace run.jsonl
  moorage simulate onboarding --images flash --rollout fleet.rollout.json     boots the images of moorage manufacture
  moorage simulate onboarding --boards 20 --serve card.json       keeps running, for moorage monitor --profile card.json
  moorage simulate everything --index 3 --out results     seeds 301 to 400, for one of many machines
  moorage simulate --merge results                        summary of all machines

Exit codes: 0 every invariant held, 1 an invariant was violated or the run failed, 2 wrong usage, 130 interrupted.`

/** Parses a range such as `1..100`. */
function parseSeedRange(text: string): number[] {
    const match = /^(\d+)\.\.(\d+)$/.exec(text)
    const [from, to] = match ? [Number(match[1]), Number(match[2])] : [1, 0]
    if (to < from) throw new InvalidArgumentError("Expected a range of seeds, for example 1..100.")
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** Adds `moorage simulate`. */
export function addSimulate(program: Command): void {
    program
        .command("simulate")
        .summary("run a fleet of boards through a plan, in virtual time")
        .description(
            "Runs many boards with the real firmware in virtual time. The boards connect to an emulated DPS and IoT Hub. A " +
                "plan sets the number of boards and the faults. The command checks the invariants during the run. The same seed " +
                "gives the same run."
        )
        .argument("[plan]", "built-in plan (--list), or a file (docs/reference/simulation-plan.md)")
        .option("--list", "list the built-in plans, without a run", false)
        .addOption(
            new Option("--seed <n>", "random seed")
                .argParser(parseInteger)
                .default(undefined, String(DEFAULT_SEED))
        )
        .option("--seeds <a..b>", "range of random seeds, one run for each", parseSeedRange)
        .option("--boards <n>", "number of boards, instead of the number in the plan", parsePositiveInteger)
        .option(
            "--images <dir>",
            "folder with images of `moorage manufacture` to boot, instead of the boards in the plan"
        )
        .option(
            "--group-key-file <file>",
            "with --images: file with the group key (or set MOORAGE_GROUP_KEY); without a key, DPS has individual enrollments"
        )
        .option("--rollout <file>", "with --images: rollout plan with the power-on times")
        .option(
            "--serve <file>",
            "connection profile to write; the fleet then continues in real time until Ctrl-C"
        )
        .addOption(
            new Option("--jobs <n>", "number of threads, for several seeds")
                .argParser(parsePositiveInteger)
                .default(availableParallelism(), "one per core")
        )
        .option("--json", "result as one JSON object", false)
        .option("--report <file>", "output file for an HTML report")
        .option("--trace <file>", "output file for all events, as JSON lines")
        .option(
            "--shrink-tries <n>",
            "maximum number of runs to find a smaller plan with the same violation",
            parseInteger,
            SHRINK_TRIES
        )
        .addOption(
            new Option("--index <n>", "index of this machine, which selects its seeds")
                .argParser(parseInteger)
                .default(undefined, "JOB_COMPLETION_INDEX")
        )
        .option("--seeds-per-index <n>", "number of seeds per machine", parsePositiveInteger, 100)
        .option("--out <dir>", "output folder for the summary, for --merge")
        .option("--merge <dir>", "merge the summaries in this folder, without a run")
        .addHelpText("after", EPILOGUE)
        .action(async (plan: string | undefined, options: SimulateOptions) => {
            // The VM is loaded only when a simulation runs.
            const { simulate } = await import("./run.js")
            await simulate(plan, options)
        })
}
