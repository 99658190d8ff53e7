import { type Command, Option } from "commander"
import { addConnectionOptions, CONNECTION_HELP } from "../../connection-options.js"
import { parseFraction, parseInteger, parsePerSecond, parsePositiveDuration } from "../../option-parsers.js"
import { parseFractionOrZero } from "../plan/plan-option-parsers.js"
import type { RolloutRunCommandOptions } from "./run.js"

const EPILOGUE = `${CONNECTION_HELP}

Examples
  moorage rollout run fleet.rollout.json --fleet fleet.csv --profile acme.yaml
  moorage rollout run fleet.rollout.json --fleet fleet.csv --profile acme.yaml --now --exec './relay on "$MOORAGE_IDS_FILE"'
  moorage rollout run fleet.rollout.json --fleet fleet.csv --profile acme.yaml --force-next      starts the batch on hold
  moorage rollout run fleet.rollout.json --fleet fleet.csv --profile card.json --metrics http://127.0.0.1:9100/metrics

The command of --exec receives these environment variables: MOORAGE_WAVE, MOORAGE_BATCH, MOORAGE_BOARDS, MOORAGE_FIRST_LINE,
MOORAGE_LAST_LINE and MOORAGE_IDS_FILE. MOORAGE_IDS_FILE is the path of a file with one registration ID per line. The state file
records the progress. After Ctrl-C, run the same command again to continue.

Exit codes: 0 done, 1 failed or on hold for too long, 2 wrong usage, 130 interrupted.`

const option = (flags: string, description: string, defaultText: string) =>
    new Option(flags, description).default(undefined, defaultText)

/** Adds `moorage rollout run`. */
export function addRolloutRun(rollout: Command): void {
    const command = rollout
        .command("run")
        .summary("say when to power on which boards, and monitor their registrations")
        .description(
            "Runs a rollout plan. Says which batch to power on next, and compares the registrations with the prediction. Holds " +
                "the next batch while too many boards fail, are throttled or are late."
        )
        .argument("<plan>", "rollout plan of `moorage rollout plan`")
        .requiredOption("--fleet <file>", "fleet file of the plan")
    addConnectionOptions(command)
        .addOption(option("--state <file>", "state file with the progress", "PLAN.state"))
        .option(
            "--now",
            "start each batch as soon as possible; ignore planned times and working hours",
            false
        )
        .option("--exec <command>", "shell command that powers a batch on")
        .option(
            "--every <time>",
            "interval between two checks of the registrations",
            parsePositiveDuration,
            30
        )
        .addOption(
            option(
                "--rate <n/time>",
                "maximum rate of calls to DPS",
                "the part of the quota that the plan leaves free"
            ).argParser(parsePerSecond)
        )
        .option(
            "--enough <share>",
            "share of the powered-on boards of a wave that must be registered before the roll-out continues",
            parseFraction,
            0.99
        )
        .option(
            "--max-failures <share>",
            "maximum share of the powered-on boards of a wave that failed; a larger share holds the next batch",
            parseFractionOrZero,
            0.01
        )
        .addOption(
            option(
                "--max-429s <n>",
                "maximum number of answers 429 in ten minutes; a larger number holds the next batch",
                "1 % of the registrations that the quotas allow in that time"
            ).argParser(parseInteger)
        )
        .option(
            "--max-late <time>",
            "maximum delay after the predicted time; a longer delay holds the next batch",
            parsePositiveDuration,
            600
        )
        .option(
            "--metrics <url>",
            "URL of Prometheus metrics that count the answers 429 to boards, for example the metrics of an emulator"
        )
        .option("--force-next", "start the next batch even if it is on hold", false)
        .addOption(
            new Option("--max-held <time>", "maximum time on hold, after which the command ends")
                .argParser(parsePositiveDuration)
                .default(Infinity, "unlimited")
        )
        .option("--json", "events as JSON lines", false)
        .addHelpText("after", EPILOGUE)
        .action(async (plan: string, options: RolloutRunCommandOptions) => {
            // The service clients are loaded only when the command runs.
            const { runRollout } = await import("./run.js")
            await runRollout(plan, options)
        })
}
