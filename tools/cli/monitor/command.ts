import type { Command } from "commander"
import { addCloudOptions, CLOUD_HELP } from "../connection-options.js"
import type { MonitorOptions } from "./run.js"
import {
    perSecond,
    parsePort,
    parsePositive,
    parsePositiveDuration,
    parseInteger,
} from "../option-parsers.js"

const EXAMPLES = `${CLOUD_HELP}

Examples
  moorage emulate --json > card.json &             an emulator, and its card as the profile
  moorage monitor --profile card.json              a view that keeps itself up to date, until Ctrl-C
  moorage monitor --profile acme.yaml --once       one look, as text
  moorage monitor --profile acme.yaml --json | jq .registered
  moorage monitor --connection-string @dps.txt --days 30 --report fleet.html
  moorage monitor --profile acme.yaml --prometheus 9464 --every 5m

Exit codes: 0 fine, or a view or exporter was stopped; 1 failed, 2 wrong usage, 130 interrupted before it was done.`

/** `moorage monitor`. */
export function addMonitor(program: Command): void {
    const command = program
        .command("monitor")
        .summary("show how a fleet stands: registered, failed, where, how fast")
        .description(
            "Asks DPS for the registrations of every enrollment group, and sums them up: devices by group and status, " +
                "shares of the hubs, failures and why, registrations over the last days."
        )
    addCloudOptions(command)
        .option("--days <n>", "UTC days to look back, today included", parsePositive, 5)
        .option(
            "--rate <n/time>",
            "calls to DPS at most; it takes 1,000/min, from devices too",
            perSecond,
            15
        )
        .option("--look-up <n>", "individual enrollments to look up, a call each", parseInteger, 1000)
        .option("--once", "one look, then end; also when the output is no terminal", false)
        .option("--every <time>", "how often a view or an exporter looks", parsePositiveDuration, 60)
        .option("--json", "print one JSON object", false)
        .option("--csv", "print CSV: what, name, measure, count", false)
        .option("--report <file>", "write an HTML report")
        .option(
            "--prometheus <port>",
            "serve metrics on 127.0.0.1 until stopped; 0 takes any free port",
            parsePort
        )
        .addHelpText("after", EXAMPLES)
        .action(async (options: MonitorOptions) => {
            // What reaches the services is loaded only for those who do.
            const { monitor } = await import("./run.js")
            await monitor(options)
        })
}
