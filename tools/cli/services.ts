// Opens the services that the options name, and says in a person's words what goes wrong with them.
import {
    CloudError,
    CloudSettingsError,
    resolveCloudSettings,
    openServices,
    type OpenServicesOptions,
    type Services,
} from "@moorage/fleet/azure"
import { realClock, realRandom } from "@moorage/runtime"
import type { ConnectionOptions } from "./connection-options.js"
import { FAILED, UserError, WRONG_USAGE } from "./user-error.js"

/** @throws UserError when the options, the profile or the environment are no access to anything */
export function openCommandServices(
    options: ConnectionOptions,
    more: Pick<OpenServicesOptions, "signal" | "dpsPerSec"> = {}
): Services {
    try {
        const settings = resolveCloudSettings(options, process.env)
        const { giveUpAfter: giveUpAfterSec } = options
        return openServices(settings, { clock: realClock, random: realRandom, giveUpAfterSec, ...more })
    } catch (error) {
        throw error instanceof CloudSettingsError
            ? new UserError(error.message, WRONG_USAGE, { cause: error })
            : error
    }
}

/** A failed call as its user is told; anything else as it is. */
export function toUserError(error: unknown): unknown {
    return error instanceof CloudError ? new UserError(error.message, FAILED, { cause: error }) : error
}

/** What to say when there is no access to a DPS. */
export const NO_DPS =
    "Which DPS? Give --profile FILE or --connection-string @FILE, or set PROVISIONING_CONNECTION_STRING."
