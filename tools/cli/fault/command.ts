import type { ActiveRule } from "@moorage/emulator"
import { Argument, type Command, Option } from "commander"
import { askAdmin } from "./admin-client.js"
import { UserError, WRONG_USAGE } from "../user-error.js"
import { parseDuration, parseFraction, parseInteger } from "../option-parsers.js"

interface Global {
    admin: string
    json: boolean
}

interface AddOptions {
    on?: string
    service?: string
    id?: string
    share?: number
    times?: number
    for?: number
    status?: number
    retryAfter?: number
    connack?: number
    delay?: number
    close?: boolean
    mute?: boolean
    dropAfter?: number
    closeAfterConnack?: number
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

/** The help's end: the examples of one command, or of all. */
function examplesOf(name = ""): string {
    const own = EXAMPLES.filter(example => example.startsWith(`moorage fault ${name}`))
    return `
Examples
${own.map(example => `  ${example}`).join("\n")}

The emulator is the one at --admin, or at MOORAGE_ADMIN.

Exit codes: 0 done, 1 no emulator or refused, 2 wrong usage.`
}

function faultOf(options: AddOptions) {
    const fault = {
        status: options.status,
        retryAfterSec: options.retryAfter,
        connack: options.connack,
        delayMs: options.delay === undefined ? undefined : options.delay * 1000,
        close: options.close,
        mute: options.mute,
        dropAfterBytes: options.dropAfter,
        closeAfterConnackMs:
            options.closeAfterConnack === undefined ? undefined : options.closeAfterConnack * 1000,
    }
    if (Object.values(fault).every(value => value === undefined))
        throw new UserError(
            "Say what is to happen: --status, --connack, --delay, --close, ... (--help lists them)",
            WRONG_USAGE
        )
    return fault
}

function ruleOf(options: AddOptions) {
    const { on, service, id, times } = options
    return { on, service, id, share: options.share, times, forSec: options.for, fault: faultOf(options) }
}

/** `fault-1  10% of register at dps: status 503 (3 strikes)`. */
function line({ ruleId, on, service, id, share: part, times, fault, strikes }: ActiveRule): string {
    const share = part === undefined ? "all" : `${Math.round(part * 1000) / 10}%`
    const where = [service && `at ${service}`, id && `of ${id}`].filter(Boolean).join(" ")
    const what = Object.entries(fault).map(([name, value]) => `${name} ${String(value)}`)
    const left = times === undefined ? "" : ` of ${times}`
    return `${ruleId}  ${share} of ${on ?? "any request"} ${where}: ${what.join(", ")} (${strikes}${left} strikes)`
}

function addRules(fault: Command, tell: Tell): void {
    fault
        .command("add")
        .summary("order a fault")
        .description("Orders a fault for the requests that fit, and prints its ID.")
        .addOption(
            new Option("--on <kind>", "which requests; all unless given").choices([
                "connect",
                "register",
                "poll",
                "lookup",
                "other",
            ])
        )
        .option("--service <name>", "dps, or a hub's host name")
        .option("--id <glob>", "registration or device IDs, such as line-7-*")
        .option("--share <share>", "how many of them, such as 10%", parseFraction)
        .option("--times <n>", "ends after so many strikes", parseInteger)
        .option("--for <time>", "ends after so long, such as 20m", parseDuration)
        .option("--status <code>", "answer with this status", parseInteger)
        .option("--retry-after <time>", "with this retry-after", parseDuration)
        .option("--connack <code>", "refuse CONNECT with this return code", parseInteger)
        .option("--delay <time>", "answer so much later", parseDuration)
        .option("--close", "break the connection instead of answering")
        .option("--mute", "never answer")
        .option("--drop-after <bytes>", "break the connection after so many bytes of answer", parseInteger)
        .option(
            "--close-after-connack <time>",
            "take the connection, and close it so much later; 0 at once",
            parseDuration
        )
        .addHelpText("after", examplesOf("add"))
        .action(async (options: AddOptions, command: Command) => {
            const answer = await tell.ask(command, "POST", "/faults", ruleOf(options))
            tell.print(command, answer, ({ ruleId }: { ruleId: string }) => ruleId)
        })
    fault
        .command("list")
        .summary("list the faults that are in force")
        .addHelpText("after", examplesOf("list"))
        .action(async (_options: unknown, command: Command) => {
            const rules = await tell.ask(command, "GET", "/faults")
            tell.print(command, rules, (all: ActiveRule[]) => all.map(line).join("\n") || "no faults")
        })
    fault
        .command("clear")
        .summary("end one fault, or all")
        .argument("[ruleId]", "the ID that `add` printed; all unless given")
        .addHelpText("after", examplesOf("clear"))
        .action(async (ruleId: string | undefined, _options: unknown, command: Command) => {
            const path = ruleId === undefined ? "/faults" : `/faults/${encodeURIComponent(ruleId)}`
            tell.print(command, await tell.ask(command, "DELETE", path), () => "done")
        })
}

function addActions(fault: Command, tell: Tell): void {
    fault
        .command("hub")
        .summary("take a hub down, up, or let it fail over")
        .argument("<name>", "its host name")
        .addArgument(new Argument("<action>", "what happens to it").choices(["down", "up", "failover"]))
        .option("--for <time>", "how long a failover takes", parseDuration, 60)
        .addHelpText("after", examplesOf("hub"))
        .action(async (name: string, action: string, options: { for: number }, command: Command) => {
            const body = action === "failover" ? { forSec: options.for } : undefined
            const path = `/hubs/${encodeURIComponent(name)}/${action}`
            tell.print(command, await tell.ask(command, "POST", path, body), () => "done")
        })
    fault
        .command("clock")
        .summary("set the cloud's clock wrong")
        .requiredOption(
            "--skew <time>",
            "how far ahead, such as 10m; -10m is behind, 0 is right",
            parseDuration
        )
        .addHelpText("after", examplesOf("clock"))
        .action(async ({ skew }: { skew: number }, command: Command) => {
            tell.print(command, await tell.ask(command, "POST", "/clock", { skewSec: skew }), () => "done")
        })
    fault
        .command("rotate")
        .summary("give an enrollment or a device a new key, and print it")
        .option("--group <id>", "an enrollment group")
        .option("--enrollment <id>", "an individual enrollment")
        .option("--hub <name>", "a device's hub, with --device")
        .option("--device <id>", "a device of --hub")
        .addOption(
            new Option("--which <key>", "which key").choices(["primary", "secondary"]).default("primary")
        )
        .addHelpText("after", examplesOf("rotate"))
        .action(async (options: RotateOptions, command: Command) => {
            const answer = await tell.ask(command, "POST", rotatePath(options), { which: options.which })
            tell.print(command, answer, ({ key }: { key: string }) => key)
        })
}

interface RotateOptions {
    group?: string
    enrollment?: string
    hub?: string
    device?: string
    which: string
}

function rotatePath({ group, enrollment, hub, device }: RotateOptions): string {
    if (group !== undefined) return `/enrollmentGroups/${encodeURIComponent(group)}/rotate`
    if (enrollment !== undefined) return `/enrollments/${encodeURIComponent(enrollment)}/rotate`
    if (hub !== undefined && device !== undefined)
        return `/hubs/${encodeURIComponent(hub)}/devices/${encodeURIComponent(device)}/rotate`
    throw new UserError("Say whose key: --group, --enrollment, or --hub with --device.", WRONG_USAGE)
}

/** How the commands ask and answer. */
class Tell {
    ask(command: Command, method: string, path: string, body?: unknown): Promise<unknown> {
        return askAdmin(command.optsWithGlobals<Global>().admin, method, path, body)
    }

    print<T>(command: Command, answer: unknown, text: (answer: T) => string): void {
        const { json } = command.optsWithGlobals<Global>()
        process.stdout.write(`${json ? JSON.stringify(answer) : text(answer as T)}\n`)
    }
}

/** `moorage fault`. */
export function addFault(program: Command): void {
    const fault = program
        .command("fault")
        .summary("make trouble in a running emulator")
        .description("Orders faults of an emulator that `moorage emulate` runs.")
        .addOption(
            new Option("--admin <url>", "its admin API").env("MOORAGE_ADMIN").default("http://127.0.0.1:8090")
        )
        .option("--json", "print the answer as JSON", false)
        .addHelpText("after", examplesOf())
    const tell = new Tell()
    addRules(fault, tell)
    addActions(fault, tell)
}
