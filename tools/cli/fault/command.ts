import { Argument, type Command, Option } from "commander"
import { parseDuration, parseFraction, parseInteger } from "../option-parsers.js"
import type { FaultOptions, HubOptions, RotateOptions } from "./run.js"

interface AdminOptions {
    admin: string
    json: boolean
}

const EXAMPLES = [
    "moorage fault add --on register --share 10% --status 503",
    "moorage fault add --on register --status 429 --retry-after 30 --times 5",
    "moorage fault add --on connect --service hub-1.azure-devices.net --connack 5 --for 20m",
    "moorage fault add --on connect --drop-after 2",
    "moorage fault hub hub-1.azure-devices.net failover --for 90s",
    "moorage fault rotate --group moorage --which secondary",
    "moorage fault rotate --hub hub-1.azure-devices.net --device my-device",
    "moorage fault clock --skew=-10m",
    "moorage fault list",
    "moorage fault clear",
    "moorage fault clear fault-1",
]

/** Returns the help epilogue with the examples of one command, or of all commands. */
function epilogue(name = ""): string {
    const examples = EXAMPLES.filter(example => example.startsWith(`moorage fault ${name}`))
    return `
Examples
${examples.map(example => `  ${example}`).join("\n")}

The commands use the admin API at --admin, or at MOORAGE_ADMIN.

Exit codes: 0 done, 1 no emulator responds or it rejected the request, 2 wrong usage.`
}

const loadRun = () => import("./run.js")
const adminOptions = (command: Command) => command.optsWithGlobals<AdminOptions>()

function addRuleCommands(fault: Command): void {
    fault
        .command("add")
        .summary("add a fault rule")
        .description("Adds a fault rule for the matching requests, and prints its ID.")
        .addOption(
            new Option("--on <kind>", "kind of request")
                .choices(["connect", "register", "poll", "lookup", "other"])
                .default(undefined, "all kinds")
        )
        .option("--service <name>", "service: dps, or the host name of a hub")
        .option("--id <glob>", "registration IDs or device IDs, for example line-7-*")
        .option("--share <share>", "share of the matching requests, for example 10%", parseFraction)
        .option("--times <n>", "number of requests after which the rule ends", parseInteger)
        .option("--for <time>", "time after which the rule ends, for example 20m", parseDuration)
        .option("--status <code>", "HTTP or DPS status to return", parseInteger)
        .option("--retry-after <time>", "retry-after value to return", parseDuration)
        .option("--connack <code>", "CONNACK return code that refuses the connection", parseInteger)
        .option("--delay <time>", "delay of the response", parseDuration)
        .option("--close", "closed connection instead of a response")
        .option("--mute", "no response at all")
        .option(
            "--drop-after <bytes>",
            "number of response bytes after which the connection breaks",
            parseInteger
        )
        .option(
            "--close-after-connack <time>",
            "time after which an accepted connection is closed; 0 for immediately",
            parseDuration
        )
        .addHelpText("after", epilogue("add"))
        .action(async (options: FaultOptions, command: Command) => {
            await (await loadRun()).addFaultRule(adminOptions(command), options)
        })
    fault
        .command("list")
        .summary("list the active fault rules")
        .addHelpText("after", epilogue("list"))
        .action(async (_options: unknown, command: Command) => {
            await (await loadRun()).listFaultRules(adminOptions(command))
        })
    fault
        .command("clear")
        .summary("remove one fault rule, or all of them")
        .argument("[ruleId]", "rule ID that `add` printed (default: all rules)")
        .addHelpText("after", epilogue("clear"))
        .action(async (ruleId: string | undefined, _options: unknown, command: Command) => {
            await (await loadRun()).clearFaultRules(adminOptions(command), ruleId)
        })
}

function addActionCommands(fault: Command): void {
    fault
        .command("hub")
        .summary("take a hub down or up, or fail it over")
        .argument("<name>", "host name of the hub")
        .addArgument(new Argument("<action>", "new state").choices(["down", "up", "failover"]))
        .option("--for <time>", "duration of a failover", parseDuration, 60)
        .addHelpText("after", epilogue("hub"))
        .action(async (name: string, action: string, options: HubOptions, command: Command) => {
            await (await loadRun()).changeHub(adminOptions(command), name, { action, ...options })
        })
    fault
        .command("clock")
        .summary("skew the clock of the cloud")
        .requiredOption(
            "--skew <time>",
            "offset of the clock: 10m is ahead, -10m is behind, 0 is correct",
            parseDuration
        )
        .addHelpText("after", epilogue("clock"))
        .action(async ({ skew }: { skew: number }, command: Command) => {
            await (await loadRun()).skewClock(adminOptions(command), skew)
        })
    fault
        .command("rotate")
        .summary("replace a key of an enrollment or a device, and print the new key")
        .option("--group <id>", "enrollment group")
        .option("--enrollment <id>", "individual enrollment")
        .option("--hub <name>", "hub of the device, with --device")
        .option("--device <id>", "device on the hub, with --hub")
        .addOption(
            new Option("--which <key>", "key to replace").choices(["primary", "secondary"]).default("primary")
        )
        .addHelpText("after", epilogue("rotate"))
        .action(async (options: RotateOptions, command: Command) => {
            await (await loadRun()).rotateKey(adminOptions(command), options)
        })
}

/** Adds `moorage fault` and its subcommands. */
export function addFault(program: Command): void {
    const fault = program
        .command("fault")
        .summary("inject faults into a running emulator")
        .description("Injects faults into an emulator started with `moorage emulate`.")
        .addOption(
            new Option("--admin <url>", "URL of the admin API")
                .env("MOORAGE_ADMIN")
                .default("http://127.0.0.1:8090")
        )
        .option("--json", "response as JSON", false)
        .addHelpText("after", epilogue())
    addRuleCommands(fault)
    addActionCommands(fault)
}
