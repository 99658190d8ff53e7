import type { Command } from "commander"
import { addConnectionOptions, CONNECTION_HELP } from "../connection-options.js"
import {
    parseInteger,
    parsePerSecond,
    parsePort,
    parsePositive,
    parsePositiveDuration,
} from "../option-parsers.js"
import type { MonitorOptions } from "./run.js"

const EPILOGUE = `${CONNECTION_HELP}

Examples
  moorage emulate --json > card.json &             start an emulator, and save its card as the profile
  moorage monitor --profile card.json              live view until Ctrl-C
  moorage monitor --profile acme.yaml --once       one survey as text
  moorage monitor --profile acme.yaml --json | jq .registered
  moorage monitor --connection-string @dps.txt --days 30 --report fleet.html
  moorage monitor --profile acme.yaml --prometheus 9464 --every 5m

Exit codes: 0 done or the live view or exporter was stopped, 1 failed, 2 wrong usage, 130 interrupted before the survey was complete.`

/** Adds `moorage monitor`. */
export function addMonitor(program: Command): void {
    const command = program
        .command("monitor")
        .summary("show fleet status: registrations, failures, hub distribution, rate")
        .description(
            "Queries DPS for the registrations of every enrollment group. Shows devices by group and status, the distribution " +
                "over the hubs, failures with their reasons, and registrations of the last days."
        )
    addConnectionOptions(command)
        .option("--days <n>", "number of UTC days to show, including today", parsePositive, 5)
        .option(
            "--rate <n/time>",
            "maximum rate of calls to DPS; devices and tools share its limit of 1,000/min",
            parsePerSecond,
            15
        )
        .option(
            "--look-up <n>",
            "maximum number of individual enrollments to look up, one call each",
            parseInteger,
            1000
        )
        .option("--once", "one survey, then exit; also applies when stdout is not a terminal", false)
        .option("--every <time>", "interval of the live view or exporter", parsePositiveDuration, 60)
        .option("--json", "survey as one JSON object", false)
        .option("--csv", "survey as CSV with the columns what, name, measure, count", false)
        .option("--report <file>", "output file for an HTML report")
        .option(
            "--prometheus <port>",
            "port for Prometheus metrics on 127.0.0.1, served until Ctrl-C; 0 selects any free port",
            parsePort
        )
        .addHelpText("after", EPILOGUE)
        .action(async (options: MonitorOptions) => {
            // The service clients are loaded only when the command runs.
            const { monitor } = await import("./run.js")
            await monitor(options)
        })
}
