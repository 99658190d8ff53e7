import type { Command } from "commander"
import { addConnectionOptions, CONNECTION_HELP } from "../connection-options.js"
import { parseDuration, parsePerSecond } from "../option-parsers.js"
import type { ReprovisionCommandOptions } from "./reprovision-options.js"

const EPILOGUE = `${CONNECTION_HELP}

Examples
  moorage reprovision board-0001 --profile acme.yaml
  moorage reprovision --file line-7.csv --profile acme.yaml --spread 30m --state line-7.state
  moorage reprovision --query "SELECT deviceId FROM devices WHERE tags.line = 7" --profile acme.yaml --dry-run
  moorage reprovision board-0001 --profile acme.yaml --force     deletes its registration record first
  moorage reprovision board-0001 --hub east.azure-devices.net --hub-connection-string @east.txt

Exit codes: 0 every board accepted, 1 a board did not accept or the command failed, 2 wrong usage, 130 interrupted.`

/** Adds `moorage reprovision`. */
export function addReprovision(program: Command): void {
    const command = program
        .command("reprovision")
        .summary("make boards register with DPS again")
        .description(
            "Calls the direct method Reprovision on boards. Each board discards its assignment and registers with DPS again. " +
                "The command finds the hub of a board in its registration record."
        )
        .argument("[id]", "registration ID of one board")
    addConnectionOptions(command)
        .option(
            "--file <file>",
            "file with one registration ID per line, or CSV file with the column registrationId; - for stdin"
        )
        .option("--query <query>", "hub query that selects devices: SELECT deviceId FROM devices WHERE ...")
        .option(
            "--hub <host>",
            "hub of the boards without a registration record; also limits --query to this hub"
        )
        .option(
            "--rate <n/time>",
            "maximum rate of direct method calls, for example 10/s or 100/min",
            parsePerSecond,
            10
        )
        .option("--delay <time>", "minimum wait of each board before it registers", parseDuration, 0)
        .option(
            "--spread <time>",
            "maximum random wait in addition to --delay, to limit the load on DPS",
            parseDuration,
            0
        )
        .option("--timeout <time>", "time limit for the response of a board, 5 s to 5 min", parseDuration, 30)
        .option("--force", "delete the registration record in DPS before the call", false)
        .option("--dry-run", "list the selected boards, without calls", false)
        .option("--state <file>", "state file; boards that accepted in an earlier run are skipped")
        .option("--json", "result as one JSON object", false)
        .addHelpText("after", EPILOGUE)
        .action(async (id: string | undefined, options: ReprovisionCommandOptions) => {
            // The service clients are loaded only when the command runs.
            const { reprovision } = await import("./run.js")
            await reprovision(id, options)
        })
}
