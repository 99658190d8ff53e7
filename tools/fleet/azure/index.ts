// How the host tool reaches a DPS and its hubs, real or emulated: settings, signatures, HTTPS, pace, retries.
import type { Clock, Random } from "@moorage/runtime"
import type { ServiceAccess } from "./service-access.js"
import { ServiceClient } from "./service-client.js"
import { DpsApi } from "./dps-api.js"
import { HubApi } from "./hub-api.js"
import { Https } from "./https.js"
import { RateLimiter } from "./rate-limiter.js"
import type { CloudSettings } from "./cloud-settings.js"

export { ServiceAccess } from "./service-access.js"
export { type HostAddress, parseHostAddress } from "./host-address.js"
export { DpsApi, type EnrollmentRecord, type RegistrationRecord } from "./dps-api.js"
export { CloudError, type CloudErrorKind, CloudSettingsError } from "./cloud-errors.js"
export { HubApi, type MethodAnswer } from "./hub-api.js"
export { RateLimiter } from "./rate-limiter.js"
export {
    type CloudChoices,
    type CloudEnvironment,
    type CloudSettings,
    cloudSettings,
} from "./cloud-settings.js"
export { wait } from "./wait.js"

export interface OpenOptions {
    clock: Clock
    random: Random
    signal?: AbortSignal
    /** Of calls to DPS; see DPS_CALLS_PER_SEC. */
    dpsPerSec?: number
    /** For how long a call that fails is tried again. */
    giveUpAfterSec?: number
}

/** Nine tenths of the 1,000 operations a minute that DPS lets through (facts 4): the rest is the devices'. */
export const DPS_CALLS_PER_SEC = 15
export const GIVE_UP_AFTER_SEC = 120

/** The services behind some settings. */
export interface Services {
    /** None when the settings have no access to one. */
    dps?: DpsApi
    hubs: HubApi[]
    /** The hub of that name, when there is access to it. */
    hub(hostName: string): HubApi | undefined
    close(): void
}

/** Nothing is connected before the first call. */
export function openServices(settings: CloudSettings, options: OpenOptions): Services {
    const {
        clock,
        random,
        signal,
        dpsPerSec = DPS_CALLS_PER_SEC,
        giveUpAfterSec = GIVE_UP_AFTER_SEC,
    } = options
    const { connect, ca } = settings
    const https = new Https({ clock, connect, ca })
    const client = (access: ServiceAccess, perSec: number) =>
        new ServiceClient(access, {
            clock,
            random,
            https,
            pace: new RateLimiter(clock, perSec),
            giveUpAfterSec,
            signal,
        })
    const hubs = settings.hubs.map(access => new HubApi(client(access, Infinity)))
    return {
        dps: settings.dps && new DpsApi(client(settings.dps, dpsPerSec)),
        hubs,
        hub: hostName => hubs.find(hub => hub.hostName === hostName.toLowerCase()),
        close: () => https.close(),
    }
}
