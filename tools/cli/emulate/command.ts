import { type Emulator, type EmulatorOptions, logCloud, type LogForm, startEmulator } from "@moorage/emulator"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { realRandom } from "@moorage/runtime"
import { type Command, Option } from "commander"
import { writeCa } from "./ca-file.js"
import { cardOf, lanAddress, printCard } from "./connection-card.js"
import { FAILED, UserError } from "../user-error.js"
import { parsePort } from "../option-parsers.js"

interface EmulateOptions {
    config?: string
    host: string
    mqttPort: number
    httpsPort: number
    fixedPorts: boolean
    tcp?: number | true
    http?: number | true
    data?: string
    caFile?: string
    adminPort: number
    metricsPort?: number
    log: LogForm
    logBodies: boolean
    json: boolean
}

const TCP_PORT = 1883
const HTTP_PORT = 8080
/** What SDKs without a port option connect to. */
const FIXED = { mqtt: 8883, https: 443, hubs: "127.0.0.2" }

const EXAMPLES = `
Examples
  moorage emulate                                  DPS and two hubs, state in memory
  moorage emulate --data ./cloud                   the same, kept over restarts and crashes
  moorage emulate --config cloud.yaml --json       your hubs and enrollments; the card as JSON
  moorage emulate --tcp --host 0.0.0.0             for boards in the lab
  sudo moorage emulate --fixed-ports               DPS on 127.0.0.1:8883, hubs on 127.0.0.2:8883
  moorage fault add --on register --status 503     and then make trouble

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 could not start or keep its state, 2 wrong usage.`

/** A group to begin with, when the configuration has no enrollment. */
function withGroup(options: EmulatorOptions): EmulatorOptions {
    if (options.enrollments ?? options.enrollmentGroups) return options
    const primaryKey = Buffer.from(realRandom.bytes(64)).toString("base64")
    return { ...options, enrollmentGroups: [{ enrollmentGroupId: "moorage", primaryKey }] }
}

/** Loads what reads it only when there is one: starting takes less without. */
async function configOf(file: string | undefined): Promise<EmulatorOptions> {
    if (file === undefined) return {}
    const { readConfig } = await import("./emulator-config.js")
    return readConfig(file)
}

function emulatorOptions(
    config: EmulatorOptions,
    options: EmulateOptions,
    isGiven: (name: string) => boolean
): EmulatorOptions {
    const { fixedPorts, host, tcp, http } = options
    const lab = tcp !== undefined || http !== undefined
    // A board looks its hub up by name: in the lab that is this machine.
    const hubs = config.hubs ?? (lab ? [{ hostName: host === "127.0.0.1" ? host : lanAddress() }] : undefined)
    const mqttPort = isGiven("mqttPort") ? options.mqttPort : (config.mqttPort ?? options.mqttPort)
    const httpsPort = isGiven("httpsPort") ? options.httpsPort : (config.httpsPort ?? options.httpsPort)
    return withGroup({
        ...config,
        ...(hubs ? { hubs } : {}),
        host,
        moreHosts: fixedPorts ? [FIXED.hubs] : undefined,
        mqttPort: fixedPorts ? FIXED.mqtt : mqttPort,
        httpsPort: fixedPorts && !isGiven("httpsPort") ? FIXED.https : httpsPort,
        tcpPort: lab ? (typeof tcp === "number" ? tcp : TCP_PORT) : undefined,
        httpPort: lab ? (typeof http === "number" ? http : HTTP_PORT) : undefined,
        dataDir: options.data,
        adminPort: options.adminPort,
        metricsPort: options.metricsPort,
    })
}

async function start(options: EmulatorOptions, onStateError: (error: Error) => void): Promise<Emulator> {
    try {
        return await startEmulator({ ...options, onStateError })
    } catch (error) {
        // What it throws is for its user: a port or a folder that cannot be had.
        throw new UserError((error as Error).message, FAILED, { cause: error })
    }
}

/** How to make SDKs that know no port find the emulator. */
function hostsNote(fixedPorts: boolean, hubNames: string[]): string[] {
    if (!fixedPorts) return []
    const lines = [`127.0.0.1 ${GLOBAL_DEVICE_ENDPOINT}`, ...hubNames.map(name => `${FIXED.hubs} ${name}`)]
    return ["", "SDKs with a fixed port find it by /etc/hosts:", ...lines.map(line => `  ${line}`)]
}

/** Resolves at the first signal to stop; a second one ends the process at once. */
function stopSignal(): Promise<void> {
    return new Promise(resolve => {
        let stopping = false
        for (const signal of ["SIGINT", "SIGTERM"] as const)
            process.on(signal, () => {
                if (stopping) process.exit(FAILED)
                stopping = true
                resolve()
            })
    })
}

async function emulate(options: EmulateOptions, command: Command): Promise<void> {
    const stopped = stopSignal()
    const isGiven = (name: string) => command.getOptionValueSource(name) === "cli"
    let fail: (error: Error) => void = () => undefined
    const failed = new Promise<never>((_, reject) => {
        fail = reject
    })
    const config = await configOf(options.config)
    const emulator = await start(emulatorOptions(config, options, isGiven), fail)
    let remove = (): void => undefined
    try {
        const written = writeCa(emulator.ca, options.caFile)
        remove = () => void written.remove()
        await logCloud(emulator.cloud, options.log, options.logBodies)
        const card = cardOf(emulator, options.host, written.caFile, options.data)
        const note = hostsNote(options.fixedPorts, emulator.cloud.hubNames())
        process.stdout.write(options.json ? `${JSON.stringify(card)}\n` : printCard(card, note))
        await Promise.race([stopped, failed])
    } catch (error) {
        throw error instanceof UserError
            ? error
            : new UserError((error as Error).message, FAILED, { cause: error })
    } finally {
        remove()
        await emulator.close()
    }
}

/** `moorage emulate`. */
export function addEmulate(program: Command): void {
    program
        .command("emulate")
        .summary("run an emulated DPS and IoT Hub on this machine")
        .description("Runs an emulated DPS and IoT Hub until Ctrl-C, and prints how to connect to them.")
        .option("--config <file>", "YAML or JSON: hubs, enrollments, quotas, ... (docs/guide/emulate.md)")
        .option("--host <address>", "where to listen; 0.0.0.0 for the whole network", "127.0.0.1")
        .option("--mqtt-port <port>", "MQTT over TLS; 0 takes any free port", parsePort, 8883)
        .option("--https-port <port>", "HTTPS and MQTT over WebSocket", parsePort, 8443)
        .option("--fixed-ports", "8883 and 443, on 127.0.0.1 for DPS and 127.0.0.2 for hubs", false)
        .option("--tcp [port]", `MQTT without TLS too, for boards in a lab (${TCP_PORT})`, parsePort)
        .option("--http [port]", `HTTP without TLS too, comes with --tcp (${HTTP_PORT})`, parsePort)
        .option("--data <dir>", "keep all state in this folder; in memory otherwise")
        .option(
            "--ca-file <file>",
            "where to write the CA that clients must trust; a temporary file otherwise"
        )
        .option("--admin-port <port>", "admin API, for `moorage fault`; on 127.0.0.1", parsePort, 8090)
        .option("--metrics-port <port>", "Prometheus metrics under /metrics; on 127.0.0.1", parsePort)
        .addOption(
            new Option("--log <form>", "what happens, on the standard error")
                .choices(["text", "json", "off"])
                .default("text")
        )
        .option("--log-bodies", "log bodies of telemetry and twins too", false)
        .option("--json", "print the card as one JSON object", false)
        .addHelpText("after", EXAMPLES)
        .action(emulate)
}
