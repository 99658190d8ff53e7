// Opens the service APIs of DPS and the hubs.
import type { Clock, Random } from "@moorage/runtime"
import type { ServiceAccess } from "./service-access.js"
import { ServiceClient } from "./service-client.js"
import { DpsApi } from "./dps-api.js"
import { HubApi } from "./hub-api.js"
import { Https } from "./https.js"
import { RateLimiter } from "./rate-limiter.js"
import type { CloudSettings } from "./cloud-settings.js"

export interface OpenServicesOptions {
    clock: Clock
    random: Random
    signal?: AbortSignal
    /** Calls to DPS per second (default: DPS_CALLS_PER_SEC). */
    dpsPerSec?: number
    /** Maximum time for the retries of a failed call (default: GIVE_UP_AFTER_SEC). */
    giveUpAfterSec?: number
}

/** 90 % of the 1,000 operations per minute that DPS accepts (protocol-facts.md, 4). The devices need the rest. */
export const DPS_CALLS_PER_SEC = 15
export const GIVE_UP_AFTER_SEC = 120

export interface Services {
    /** Undefined if the settings have no access to DPS. */
    dps?: DpsApi
    hubs: HubApi[]
    /** Returns the hub with this name, or undefined if the settings have no access to it. */
    hub(hostName: string): HubApi | undefined
    close(): void
}

/** Returns the services of these settings. Nothing connects before the first call. */
export function openServices(settings: CloudSettings, options: OpenServicesOptions): Services {
    const {
        clock,
        random,
        signal,
        dpsPerSec = DPS_CALLS_PER_SEC,
        giveUpAfterSec = GIVE_UP_AFTER_SEC,
    } = options
    const { connect, ca } = settings
    const https = new Https({ clock, connect, ca })
    const createClient = (access: ServiceAccess, perSec: number) =>
        new ServiceClient(access, {
            clock,
            random,
            https,
            rateLimiter: new RateLimiter(clock, perSec),
            giveUpAfterSec,
            signal,
        })
    const hubs = settings.hubs.map(access => new HubApi(createClient(access, Infinity)))
    return {
        dps: settings.dps && new DpsApi(createClient(settings.dps, dpsPerSec)),
        hubs,
        hub: hostName => hubs.find(hub => hub.hostName === hostName.toLowerCase()),
        close: () => https.close(),
    }
}
