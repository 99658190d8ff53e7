import type { Command } from "commander"
import { addConnectionOptions, CONNECTION_HELP } from "../connection-options.js"
import {
    parseInteger,
    parsePerSecond,
    parsePort,
    parsePositiveInteger,
    parsePositiveDuration,
} from "../option-parsers.js"
import type { MonitorOptions } from "./run.js"

const EPILOGUE = `${CONNECTION_HELP}

Examples
  moorage emulate --json > card.json &             start an emulator, and save its card as the profile
  moorage monitor --profile card.json              live view until Ctrl-C
  moorage monitor --profile acme.yaml --once       prints the state once as text
  moorage monitor --profile acme.yaml --json | jq .registered
  moorage monitor --connection-string @dps.txt --days 30 --report fleet.html
  moorage monitor --profile acme.yaml --prometheus 9464 --every 5m

Exit codes: 0 done, or you stopped the live view or the Prometheus server, 1 failed, 2 wrong usage,
130 interrupted before all data was read.`

/** Adds `moorage monitor`. */
export function addMonitor(program: Command): void {
    const command = program
        .command("monitor")
        .summary("show fleet status: registrations, failures, hub distribution, rate")
        .description(
            "Reads the registrations of every enrollment group from DPS. Shows the number of devices for each group, status " +
                "and hub. Also shows the failures with their reasons, and the registrations of the last days."
        )
    addConnectionOptions(command)
        .option("--days <n>", "number of UTC days to show, including today", parsePositiveInteger, 5)
        .option(
            "--rate <n/time>",
            "maximum rate of calls to DPS; devices and tools share the quota of 1,000/min",
            parsePerSecond,
            15
        )
        .option(
            "--look-up <n>",
            "maximum number of individual enrollments to look up, one call each",
            parseInteger,
            1000
        )
        .option(
            "--once",
            "print the fleet state once, then exit; this is also the default if stdout is not a terminal",
            false
        )
        .option(
            "--every <time>",
            "interval between two updates of the live view or the metrics",
            parsePositiveDuration,
            60
        )
        .option("--json", "fleet state as one JSON object", false)
        .option("--csv", "fleet state as CSV with four columns: `what`, `name`, `measure`, `count`", false)
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
