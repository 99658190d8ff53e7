import type { Command } from "commander"
import { addCloudOptions, CLOUD_HELP } from "../connection-options.js"
import {
    perSecond,
    parsePositive,
    parseRate,
    parseDuration,
    parseFraction,
    parsePositiveDuration,
    parseInteger,
} from "../option-parsers.js"
import {
    parseDays,
    parseHours,
    parseOptionalFraction,
    parseSlotTime,
    parseTimeZone,
    parseWaves,
} from "./plan-option-parsers.js"
import type { PlanRolloutOptions as PlanOptions } from "./run-plan.js"
import type { RunRolloutOptions as RunOptions } from "./run-rollout.js"

const PLAN_EXAMPLES = `
Examples
  moorage rollout plan fleet.csv                                    waves of 1, 10, 50 and 100 %, from now on
  moorage rollout plan fleet.csv --start "2026-11-30 08:00" --hours 08:00-17:00 --days mon-fri --time-zone Europe/Berlin
  moorage rollout plan fleet.csv --registrations 200/min --hubs 2 --soak 1d --report plan.html
  moorage rollout plan fleet.csv --waves 100% --dry-run --json | jq .prediction.mooredUtc

Then make the images (moorage manufacture fleet.csv), for they have the slots in them, flash the boards, and power them on
batch by batch: moorage rollout run tells when, and watches.

Exit codes: 0 done, 1 a file cannot be read or written, 2 wrong usage, or mistakes in the fleet file, 130 interrupted. But for 0
nothing is written.`

function addPlan(rollout: Command): void {
    rollout
        .command("plan")
        .summary("cut a fleet into waves, batches and slots")
        .description(
            "Plans when which boards are powered on, so that DPS and the hubs stay under their quotas: waves, batches that " +
                "fit into the working hours, and a slot for each board, which it counts from its own power-on. Writes slot, " +
                "slotSec, fleetN, fleetCps, load, wave and batch into the fleet file, and the plan with what the model predicts."
        )
        .argument(
            "<fleet>",
            "the fleet file, a CSV (docs/reference/fleet-file.md); its order is the order of the boards"
        )
        .option("--out <file>", "the plan; FLEET.rollout.json unless given")
        .option(
            "--registrations <n/time>",
            "what DPS takes; 1000/min, as documented, unless given",
            parseRate
        )
        .option(
            "--hub-connects <n/time>",
            "new connections of a hub; 100/s, an S1 unit, unless given",
            parseRate
        )
        .option("--hubs <n>", "hubs that share the boards", parsePositive, 1)
        .option("--load <share>", "of these quotas, for the roll-out", parseFraction, 0.96)
        .option("--slot <time>", "length of a slot; the shortest that fits unless given", parseSlotTime)
        .option("--waves <shares>", "of the fleet, up to and with each", parseWaves, [0.01, 0.1, 0.5, 1])
        .option("--soak <time>", "pause after a wave", parseDuration, 0)
        .option("--start <time>", "not before: local time, or with Z; now unless given")
        .option("--hours <from-to>", "working hours; all unless given", parseHours)
        .option("--days <days>", "working days; all unless given", parseDays)
        .option("--time-zone <name>", "of hours, days and start; this machine's unless given", parseTimeZone)
        .option("--batch <n>", "boards that you can power on together, at most", parsePositive)
        .option(
            "--board <board>",
            "board profile (boards/) of boards whose line has none: with the tight image batches are small"
        )
        .option("--dry-run", "leave the fleet file as it is", false)
        .option("--report <file>", "write an HTML report")
        .option("--json", "print the plan as JSON", false)
        .addHelpText("after", PLAN_EXAMPLES)
        .action(async (fleet: string, options: PlanOptions) => {
            const { plan } = await import("./run-plan.js")
            await plan(fleet, options)
        })
}

const RUN_EXAMPLES = `${CLOUD_HELP}

Examples
  moorage rollout run fleet.rollout.json --fleet fleet.csv --profile acme.yaml
  moorage rollout run fleet.rollout.json --fleet fleet.csv --profile acme.yaml --now --exec './relay on "$MOORAGE_IDS_FILE"'
  moorage rollout run fleet.rollout.json --fleet fleet.csv --profile acme.yaml --go-on      the batch that is held opens
  moorage rollout run fleet.rollout.json --fleet fleet.csv --profile card.json --metrics http://127.0.0.1:9100/metrics

The command of --exec gets MOORAGE_WAVE, MOORAGE_BATCH, MOORAGE_BOARDS, MOORAGE_FIRST_LINE, MOORAGE_LAST_LINE and
MOORAGE_IDS_FILE, a file with a registration ID a line. What was done is in the state file: Ctrl-C, and the same command goes
on where it was.

Exit codes: 0 done, 1 it failed or was held for too long, 2 wrong usage, 130 interrupted.`

function addRun(rollout: Command): void {
    const command = rollout
        .command("run")
        .summary("say when which boards are powered on, and watch them register")
        .description(
            "Runs a plan: says which batch is to be powered on, watches its boards register with DPS beside what was " +
                "predicted, and holds the next batch while too many fail, are throttled or late."
        )
        .argument("<plan>", "the plan that `moorage rollout plan` wrote")
        .requiredOption("--fleet <file>", "the fleet file that it is of")
    addCloudOptions(command)
        .option("--state <file>", "what was done; PLAN.state unless given")
        .option("--now", "do not wait for planned times and working hours", false)
        .option("--exec <command>", "a shell command that powers a batch on")
        .option("--every <time>", "between two looks", parsePositiveDuration, 30)
        .option(
            "--rate <n/time>",
            "calls to DPS at most; what the plan's load leaves unless given",
            perSecond
        )
        .option("--enough <share>", "of a wave's boards, registered, before it goes on", parseFraction, 0.99)
        .option(
            "--max-failures <share>",
            "of a wave's boards, failed, before it is held",
            parseOptionalFraction,
            0.01
        )
        .option(
            "--max-429s <n>",
            "in ten minutes; 1 % of the registrations of that time unless given",
            parseInteger
        )
        .option("--max-late <time>", "behind the prediction, before it is held", parsePositiveDuration, 600)
        .option("--metrics <url>", "Prometheus metrics that count 429s to devices, such as the emulator's")
        .option("--go-on", "open the batch that is held all the same", false)
        .option(
            "--max-held <time>",
            "end when it is held for longer; never unless given",
            parsePositiveDuration,
            Infinity
        )
        .option("--json", "print JSON lines, an event each", false)
        .addHelpText("after", RUN_EXAMPLES)
        .action(async (plan: string, options: RunOptions) => {
            // What reaches the services is loaded only for those who do.
            const { run } = await import("./run-rollout.js")
            await run(plan, options)
        })
}

/** `moorage rollout`. */
export function addRollout(program: Command): void {
    const rollout = program.command("rollout").summary("bring a fleet in, wave by wave, under the quotas")
    addPlan(rollout)
    addRun(rollout)
}
