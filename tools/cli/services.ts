import { MoorageError } from "@moorage/errors"
import {
    resolveCloudSettings,
    openServices,
    type OpenServicesOptions,
    type Services,
} from "@moorage/fleet/azure"
import { realClock, realRandom } from "@moorage/runtime"
import type { ConnectionOptions } from "./connection-options.js"

/** Opens the services that the options name. @throws MoorageError when the options, the profile or the environment are invalid */
export function openCommandServices(
    options: ConnectionOptions,
    more: Pick<OpenServicesOptions, "signal" | "dpsPerSec"> = {}
): Services {
    const settings = resolveCloudSettings(options, process.env)
    const { giveUpAfter: giveUpAfterSec } = options
    return openServices(settings, { clock: realClock, random: realRandom, giveUpAfterSec, ...more })
}

/** Returns the error for a command that needs DPS and has no access to it. */
export function noDpsError(): MoorageError {
    return new MoorageError("NO_CONNECTION", "No DPS specified.", {
        cure: "Use --profile FILE or --connection-string @FILE, or set PROVISIONING_CONNECTION_STRING.",
    })
}
