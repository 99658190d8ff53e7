// Options for the addresses and keys of DPS and the hubs. This module loads no code that connects to them.
import { type HostAddress, parseHostAddress } from "@moorage/fleet/azure"
import type { CloudOptions } from "@moorage/fleet/azure"
import { type Command, InvalidArgumentError } from "commander"
import { parsePositiveDuration } from "./option-parsers.js"

export interface ConnectionOptions extends CloudOptions {
    giveUpAfter: number
}

export const CONNECTION_HELP = `
The option --profile selects DPS and the hubs. The other connection options override the profile. Without a profile, the
command reads the environment variables of the Microsoft samples: PROVISIONING_CONNECTION_STRING and IOTHUB_CONNECTION_STRING.
Write a connection string to a file and pass it as @FILE, or pass - to read it from the standard input. This way no key is visible
in the process list. docs/reference/connection-profile.md describes the profile.`

function parseAddress(text: string): HostAddress {
    const address = parseHostAddress(text)
    if (address) return address
    throw new InvalidArgumentError("Expected HOST:PORT, for example 127.0.0.1:8443.")
}

const append = (text: string, previous: string[] = []) => [...previous, text]

/** Adds the options for the addresses and keys of the services. */
export function addServiceOptions(command: Command): Command {
    return command
        .option(
            "--profile <file>",
            "connection profile, YAML or JSON; the output of `moorage emulate --json` is a profile"
        )
        .option(
            "--connection-string <@file>",
            "connection string of the DPS service API: @FILE, or - for the standard input"
        )
        .option(
            "--dps <host>",
            "host name of the DPS service API, instead of the host name in the connection string"
        )
        .option(
            "--hub-connection-string <@file>",
            "connection string of a hub: @FILE, or - for the standard input; repeatable",
            append
        )
        .option("--connect <host:port>", "address of an emulator that receives all HTTPS calls", parseAddress)
        .option("--ca <file>", "CA certificate (PEM) to trust instead of the system's CAs")
}

/** Adds the options of {@link ConnectionOptions}. */
export function addConnectionOptions(command: Command): Command {
    return addServiceOptions(command).option(
        "--give-up-after <time>",
        "maximum time for retries of a failed call",
        parsePositiveDuration,
        120
    )
}
