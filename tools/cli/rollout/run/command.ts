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

The command of --exec receives MOORAGE_WAVE, MOORAGE_BATCH, MOORAGE_BOARDS, MOORAGE_FIRST_LINE, MOORAGE_LAST_LINE and
MOORAGE_IDS_FILE, a file with one registration ID per line. The state file records the progress. After Ctrl-C, the same command
continues.

Exit codes: 0 done, 1 failed or on hold for too long, 2 wrong usage, 130 interrupted.`

const option = (flags: string, description: string, defaultText: string) =>
    new Option(flags, description).default(undefined, defaultText)

/** Adds `moorage rollout run`. */
export function addRolloutRun(rollout: Command): void {
    const command = rollout
        .command("run")
        .summary("say when to power on which boards, and monitor their registrations")
        .description(
            "Runs a roll-out plan: says which batch to power on next, and compares the registrations with the prediction. Holds " +
                "the next batch while too many boards fail, are throttled or are late."
        )
        .argument("<plan>", "roll-out plan of `moorage rollout plan`")
        .requiredOption("--fleet <file>", "fleet file of the plan")
    addConnectionOptions(command)
        .addOption(option("--state <file>", "state file with the progress", "PLAN.state"))
        .option("--now", "immediate start of each batch, without planned times and working hours", false)
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
        .option("--enough <share>", "share of registered boards that completes a wave", parseFraction, 0.99)
        .option(
            "--max-failures <share>",
            "share of failed boards in a wave above which it is held",
            parseFractionOrZero,
            0.01
        )
        .addOption(
            option(
                "--max-429s <n>",
                "number of 429s in ten minutes above which the wave is held",
                "1 % of the registrations in that time"
            ).argParser(parseInteger)
        )
        .option(
            "--max-late <time>",
            "delay against the prediction above which the wave is held",
            parsePositiveDuration,
            600
        )
        .option(
            "--metrics <url>",
            "URL of Prometheus metrics that count 429s to devices, for example of an emulator"
        )
        .option("--force-next", "start of the next batch even if it is on hold", false)
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
