import { type Command, Option } from "commander"
import { parsePort } from "../option-parsers.js"
import { DEFAULT_HTTP_PORT, DEFAULT_TCP_PORT, type EmulateOptions } from "./emulate-options.js"

const EPILOGUE = `
Examples
  moorage emulate                                  DPS and two hubs, state in memory
  moorage emulate --data ./cloud                   the state survives restarts and crashes
  moorage emulate --config cloud.yaml --json       your hubs and enrollments; connection card as JSON
  moorage emulate --tcp --host 0.0.0.0             for boards in a lab
  sudo moorage emulate --fixed-ports               DPS on 127.0.0.1:8883, hubs on 127.0.0.2:8883
  moorage fault add --on register --status 503     inject a fault into the running emulator

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 cannot start or cannot store the state, 2 wrong usage.`

/** Adds `moorage emulate`. */
export function addEmulate(program: Command): void {
    program
        .command("emulate")
        .summary("run an emulated DPS and IoT Hub on this machine")
        .description("Runs an emulated DPS and IoT Hub until Ctrl-C, and prints how to connect to them.")
        .option(
            "--config <file>",
            "configuration file, YAML or JSON: hubs, enrollments, quotas, ... (docs/guide/emulate.md)"
        )
        .option("--host <address>", "listen address; 0.0.0.0 for all interfaces", "127.0.0.1")
        .option("--mqtt-port <port>", "port for MQTT over TLS; 0 selects any free port", parsePort, 8883)
        .option("--https-port <port>", "port for HTTPS and for MQTT over WebSocket", parsePort, 8443)
        .option(
            "--fixed-ports",
            "standard ports 8883 and 443; DPS on 127.0.0.1 and the hubs on 127.0.0.2",
            false
        )
        .option(
            "--tcp [port]",
            `additional port for MQTT without TLS, for boards in a lab (${DEFAULT_TCP_PORT} without a value)`,
            parsePort
        )
        .option(
            "--http [port]",
            `additional port for HTTP without TLS, also opened by --tcp (${DEFAULT_HTTP_PORT} without a value)`,
            parsePort
        )
        .addOption(new Option("--data <dir>", "folder for the state").default(undefined, "in memory"))
        .addOption(
            new Option(
                "--ca-file <file>",
                "output file for the CA certificate that clients must trust"
            ).default(undefined, "a temporary file")
        )
        .option(
            "--admin-port <port>",
            "port of the admin API on 127.0.0.1, for `moorage fault`",
            parsePort,
            8090
        )
        .option(
            "--metrics-port <port>",
            "port for Prometheus metrics on 127.0.0.1, under /metrics",
            parsePort
        )
        .addOption(
            new Option("--log <form>", "format of the event log on the standard error")
                .choices(["text", "json", "off"])
                .default("text")
        )
        .option("--log-bodies", "telemetry and twin bodies in the event log", false)
        .option("--json", "connection card as one JSON object", false)
        .addHelpText("after", EPILOGUE)
        .action(async (options: EmulateOptions, command: Command) => {
            const { emulate } = await import("./run.js")
            await emulate(options, name => command.getOptionValueSource(name) === "cli")
        })
}
