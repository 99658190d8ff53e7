import type { Command } from "commander"
import { addCloudOptions, CLOUD_HELP } from "../connection-options.js"
import { perSecond, parseDuration } from "../option-parsers.js"
import type { ReprovisionCommandOptions } from "./run.js"

const EXAMPLES = `${CLOUD_HELP}

Examples
  moorage reprovision board-0001 --profile acme.yaml
  moorage reprovision --file line-7.csv --profile acme.yaml --spread 30m --state line-7.state
  moorage reprovision --query "SELECT deviceId FROM devices WHERE tags.line = 7" --profile acme.yaml --dry-run
  moorage reprovision board-0001 --profile acme.yaml --force     as if it had never registered
  moorage reprovision board-0001 --hub east.azure-devices.net --hub-connection-string @east.txt

Exit codes: 0 all accepted, 1 some did not or it failed, 2 wrong usage, 130 interrupted.`

/** `moorage reprovision`. */
export function addReprovision(program: Command): void {
    const command = program
        .command("reprovision")
        .summary("make boards register anew")
        .description(
            "Calls the direct method Reprovision on boards: they forget their hub and register with DPS anew. " +
                "A board's hub is the one in its registration record."
        )
        .argument("[id]", "one device")
    addCloudOptions(command)
        .option(
            "--file <file>",
            "registration IDs: one a line, or a CSV with a column registrationId; - for stdin"
        )
        .option(
            "--query <query>",
            "devices that a query of the hubs finds: SELECT deviceId FROM devices WHERE ..."
        )
        .option("--hub <host>", "where devices are of which DPS does not tell; the only hub to query")
        .option("--rate <n/time>", "boards asked at most, such as 10/s or 100/min", perSecond, 10)
        .option("--delay <time>", "each board waits so long before it registers", parseDuration, 0)
        .option(
            "--spread <time>",
            "and up to so much longer, by chance, so that DPS is not overrun",
            parseDuration,
            0
        )
        .option(
            "--timeout <time>",
            "how long a hub waits for a board's answer, 5 s to 5 min",
            parseDuration,
            30
        )
        .option("--force", "delete the registration record in DPS first", false)
        .option("--dry-run", "say who would be asked, and ask nobody", false)
        .option("--state <file>", "note what was done, and leave out what was done before")
        .option("--json", "print one JSON object", false)
        .addHelpText("after", EXAMPLES)
        .action(async (id: string | undefined, options: ReprovisionCommandOptions) => {
            // What reaches the services is loaded only for those who do.
            const { reprovision } = await import("./run.js")
            await reprovision(id, options)
        })
}
