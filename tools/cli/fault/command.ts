import { Argument, type Command, Option } from "commander"
import { parseDuration, parseFraction, parseInteger } from "../option-parsers.js"
import type { AdminAccess, FaultOptions, HubOptions, RotateOptions } from "./run.js"

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

The commands use the admin API of the emulator at the URL of --admin or MOORAGE_ADMIN.

Exit codes: 0 done, 1 the emulator does not respond or rejected the request, 2 wrong usage.`
}

const loadRun = () => import("./run.js")
const adminOptions = (command: Command) => command.optsWithGlobals<AdminAccess>()

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
        .option("--status <code>", "HTTP or DPS status of the response", parseInteger)
        .option("--retry-after <time>", "value of retry-after in the response", parseDuration)
        .option("--connack <code>", "CONNACK return code that refuses the connection", parseInteger)
        .option("--delay <time>", "delay of the response", parseDuration)
        .option("--close", "close the connection instead of sending a response")
        .option("--mute", "never send a response")
        .option(
            "--drop-after <bytes>",
            "number of bytes of the response, after which the connection is closed",
            parseInteger
        )
        .option(
            "--close-after-connack <time>",
            "accept the connection, and close it after this time; 0 closes it immediately",
            parseDuration
        )
        .addHelpText("after", epilogue("add"))
        .action(async (options: FaultOptions, command: Command) => {
            await (await loadRun()).addFaultRule(adminOptions(command), options)
        })
    fault
        .command("list")
        .summary("list the active fault rules")
        .description("Lists the active fault rules.")
        .addHelpText("after", epilogue("list"))
        .action(async (_options: unknown, command: Command) => {
            await (await loadRun()).listFaultRules(adminOptions(command))
        })
    fault
        .command("clear")
        .summary("remove one fault rule, or all rules")
        .description("Removes one fault rule, or all rules.")
        .argument("[ruleId]", "rule ID that `add` printed (default: all rules)")
        .addHelpText("after", epilogue("clear"))
        .action(async (ruleId: string | undefined, _options: unknown, command: Command) => {
            await (await loadRun()).clearFaultRules(adminOptions(command), ruleId)
        })
}

function addActionCommands(fault: Command): void {
    fault
        .command("hub")
        .summary("stop or start a hub, or let it fail over")
        .description("Stops or starts a hub, or lets it fail over.")
        .argument("<name>", "host name of the hub")
        .addArgument(new Argument("<action>", "new state").choices(["down", "up", "failover"]))
        .option("--for <time>", "duration of a failover", parseDuration, 60)
        .addHelpText("after", epilogue("hub"))
        .action(async (name: string, action: string, options: HubOptions, command: Command) => {
            await (await loadRun()).changeHub(adminOptions(command), name, { action, ...options })
        })
    fault
        .command("clock")
        .summary("set the clock of the emulator ahead or behind")
        .description("Sets the clock of the emulated services ahead or behind.")
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
        .description("Replaces a key of an enrollment or of a device, and prints the new key.")
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
