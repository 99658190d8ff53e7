import { type Command, Option } from "commander"
import { parseDuration, parseFraction, parsePositiveInteger, parseRate } from "../../option-parsers.js"
import { parseDays, parseHours, parseSlotTime, parseTimeZone, parseWaves } from "./plan-option-parsers.js"
import type { RolloutPlanCommandOptions } from "./run.js"

const EPILOGUE = `
Examples
  moorage rollout plan fleet.csv                                    waves of 1, 10, 50 and 100 %, starting now
  moorage rollout plan fleet.csv --start "2026-11-30 08:00" --hours 08:00-17:00 --days mon-fri --time-zone Europe/Berlin
  moorage rollout plan fleet.csv --registrations 200/min --hubs 2 --soak 1d --report plan.html
  moorage rollout plan fleet.csv --waves 100% --dry-run --json | jq .prediction.mooredUtc

After the plan, make the images with moorage manufacture, because they contain the slots. Flash the boards. Then start moorage
rollout run. It says when to power on each batch, and monitors the registrations.

Exit codes: 0 done, 1 a file cannot be read or written, 2 wrong usage or errors in the fleet file, 130 interrupted. The
files are written only if the exit code is 0.`

const option = (flags: string, description: string, defaultText: string) =>
    new Option(flags, description).default(undefined, defaultText)

/** Adds `moorage rollout plan`. */
export function addRolloutPlan(rollout: Command): void {
    rollout
        .command("plan")
        .summary("divide a fleet into waves, batches and slots")
        .description(
            "Makes a rollout plan that keeps within the quotas of DPS and the hubs. Divides the fleet into waves, and into " +
                "batches that fit into the working hours. The boards of a batch are powered on together. Each board gets a slot, " +
                "the time window after its power-on in which it first registers. The command writes the columns slot, slotSec, " +
                "fleetN, fleetCps, load, wave and batch to the fleet file. It writes the plan and a prediction to another file."
        )
        .argument(
            "<fleet>",
            "fleet file, CSV (docs/reference/fleet-file.md); the boards are powered on in the order of the lines"
        )
        .addOption(option("--out <file>", "output file for the plan", "FLEET.rollout.json"))
        .addOption(
            option(
                "--registrations <n/time>",
                "registration quota of DPS",
                "1000/min, as documented"
            ).argParser(parseRate)
        )
        .addOption(
            option(
                "--hub-connects <n/time>",
                "quota for new connections per hub",
                "100/s, the quota of an IoT Hub with one S1 unit"
            ).argParser(parseRate)
        )
        .option("--hubs <n>", "number of hubs that share the boards", parsePositiveInteger, 1)
        .option("--load <share>", "share of the quotas for the roll-out", parseFraction, 0.96)
        .addOption(
            option(
                "--slot <time>",
                "length of a slot",
                "the shortest slot that wastes at most 5 % of the rate"
            ).argParser(parseSlotTime)
        )
        .option(
            "--waves <shares>",
            "cumulative share of the fleet after each wave",
            parseWaves,
            [0.01, 0.1, 0.5, 1]
        )
        .option("--soak <time>", "pause after a wave", parseDuration, 0)
        .addOption(
            option(
                "--start <time>",
                "earliest start, in the time zone of --time-zone, or in UTC if it ends with Z",
                "now"
            )
        )
        .addOption(option("--hours <from-to>", "working hours", "all").argParser(parseHours))
        .addOption(option("--days <days>", "working days", "all").argParser(parseDays))
        .addOption(
            option(
                "--time-zone <name>",
                "time zone of --start, --hours and --days",
                "this machine's time zone"
            ).argParser(parseTimeZone)
        )
        .option(
            "--batch <n>",
            "maximum number of boards that you can power on together",
            parsePositiveInteger
        )
        .option(
            "--board <board>",
            "name of a board profile in boards/, for boards without a profile in the file; the tight image limits the batch size"
        )
        .option("--dry-run", "write the plan without changing the fleet file", false)
        .option("--report <file>", "output file for an HTML report")
        .option("--json", "plan as JSON", false)
        .addHelpText("after", EPILOGUE)
        .action(async (fleet: string, options: RolloutPlanCommandOptions) => {
            const { planRollout } = await import("./run.js")
            await planRollout(fleet, options)
        })
}
