// The options of `moorage reprovision`, and the checks before the first call.
import { MoorageError } from "@moorage/errors"
import type { Services } from "@moorage/fleet/azure"
import type { ConnectionOptions } from "../connection-options.js"
import { usageError } from "../usage-error.js"

export interface ReprovisionCommandOptions extends ConnectionOptions {
    file?: string
    query?: string
    hub?: string
    rate: number
    delay: number
    spread: number
    timeout: number
    force: boolean
    dryRun: boolean
    state?: string
    json: boolean
}

/** Maximum wait that the firmware accepts (devs/agent/moored-session.ts). */
const DELAY_MAX_SEC = 86_400
const TIMEOUT_SEC = { min: 5, max: 300 }

/** Checks the options alone. @throws MoorageError WRONG_USAGE */
export function checkOptions(id: string | undefined, options: ReprovisionCommandOptions): void {
    const { file, query, hub, delay, spread, timeout, connectionString } = options
    const sources = [id, file, query].filter(each => each !== undefined)
    if (sources.length !== 1)
        throw usageError("Specify the boards in exactly one way.", {
            cure: "Use one ID, --file FILE or --query QUERY.",
        })
    if (file === "-" && connectionString === "-")
        throw usageError("Only one option can read the standard input.")
    if (delay < 0 || spread < 0 || delay + spread > DELAY_MAX_SEC)
        throw usageError("--delay plus --spread must be between 0 and 24h.")
    if (timeout < TIMEOUT_SEC.min || timeout > TIMEOUT_SEC.max)
        throw usageError(`--timeout must be between ${TIMEOUT_SEC.min} s and ${TIMEOUT_SEC.max} s.`)
    if (hub !== undefined && !/^[a-z0-9.-]+$/i.test(hub))
        throw usageError(`Invalid --hub: ${hub} is not a host name.`)
}

/** Checks the options together with the services that they open. @throws MoorageError */
export function checkServices(
    { dps, hubs, hub: hubNamed }: Services,
    { hub, force }: ReprovisionCommandOptions
): void {
    if (hubs.length === 0)
        throw new MoorageError("NO_CONNECTION", "No hub specified.", {
            cure: "Use --profile FILE or --hub-connection-string @FILE, or set IOTHUB_CONNECTION_STRING.",
        })
    if (force && !dps)
        throw new MoorageError(
            "NO_CONNECTION",
            "--force deletes registration records and needs access to DPS."
        )
    if (hub !== undefined && !hubNamed(hub))
        throw new MoorageError("NO_CONNECTION", `No connection string for the hub ${hub}.`)
    if (!dps && hub === undefined && hubs.length > 1)
        throw usageError("The hub of the boards is unknown without access to DPS.", { cure: "Use --hub." })
}
