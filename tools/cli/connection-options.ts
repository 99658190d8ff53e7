// The options by which a command is told where DPS and the hubs are; nothing here loads what reaches them.
import { type HostAddress, parseHostAddress } from "@moorage/fleet/azure"
import type { CloudChoices } from "@moorage/fleet/azure"
import { type Command, InvalidArgumentError } from "commander"
import { parsePositiveDuration } from "./option-parsers.js"

export interface ConnectionOptions extends CloudChoices {
    giveUpAfter: number
}

export const CLOUD_HELP = `
Where DPS and the hubs are: --profile FILE, or options, or, without a profile, the environment variables of Microsoft's
samples: PROVISIONING_CONNECTION_STRING, IOTHUB_CONNECTION_STRING. A connection string is given as @FILE, or as - to read
it from the standard input, so that no key stands in a command line. docs/reference/connection-profile.md has the form of a profile.`

function address(text: string): HostAddress {
    const parsed = parseHostAddress(text)
    if (parsed) return parsed
    throw new InvalidArgumentError("An address is HOST:PORT, such as 127.0.0.1:8443.")
}

const collected = (text: string, before: string[] = []) => [...before, text]

/** Adds the options that say where the services are and how to sign. */
export function addPlaceOptions(command: Command): Command {
    return command
        .option(
            "--profile <file>",
            "YAML or JSON: DPS, hubs, keys; the card of `moorage emulate --json` is one"
        )
        .option("--connection-string <@file>", "of the DPS service API: @FILE, or - for the standard input")
        .option("--dps <host>", "DPS service host, in place of the HostName in the connection string")
        .option("--hub-connection-string <@file>", "of a hub, the same way; may be repeated", collected)
        .option(
            "--connect <host:port>",
            "all HTTPS goes there, under the services' names: an emulator",
            address
        )
        .option("--ca <file>", "PEM of the CA to trust instead of the usual ones")
}

/** Adds what {@link ConnectionOptions} holds. */
export function addCloudOptions(command: Command): Command {
    return addPlaceOptions(command).option(
        "--give-up-after <time>",
        "for how long a call that fails is tried again",
        parsePositiveDuration,
        120
    )
}
