import { createHash } from "node:crypto"
import { globToRegExp } from "../util/glob.js"
import type { AllocationPolicy } from "./enrollments.js"

/** How far the hubs are from some devices: what `geoLatency` goes by, for an emulator has no geography. */
export interface LatencyRow {
    /** Registration IDs; `*` stands for any characters. The first row that fits counts. */
    devices: string
    /** By the hub's host name, in lower case. A hub that is not named is out of reach. */
    latencyMs: Record<string, number>
}

/**
 * The hub of `hashed` allocation ("evenly weighted"): the one with the highest hash together with the
 * registration ID, so that a hub that comes or goes moves as few devices as can be.
 */
export function hashedHub(registrationId: string, hubs: string[]): string {
    const weight = (hub: string) => createHash("sha256").update(`${hub}\n${registrationId}`).digest("hex")
    return hubs.map(hub => ({ hub, weight: weight(hub) })).reduce((a, b) => (b.weight > a.weight ? b : a)).hub
}

/** The nearest of the hubs, or undefined when the table has none of them for this device. */
function nearestHub(registrationId: string, hubs: string[], latencies: LatencyRow[]): string | undefined {
    const row = latencies.find(({ devices }) => globToRegExp(devices).test(registrationId))
    const latencyOf = (hub: string) => row?.latencyMs[hub] ?? Infinity
    const nearest = hubs.reduce((a, b) => (latencyOf(b) < latencyOf(a) ? b : a))
    return latencyOf(nearest) < Infinity ? nearest : undefined
}

/** The hub that a policy other than `custom` gives a device; `hashed` is the default (facts 3). */
export function allocate(
    policy: AllocationPolicy | undefined,
    registrationId: string,
    hubs: string[],
    latencies: LatencyRow[]
): string {
    const nearest = policy === "geoLatency" ? nearestHub(registrationId, hubs, latencies) : undefined
    if (policy === "static") return hubs[0]
    return nearest ?? hashedHub(registrationId, hubs)
}
