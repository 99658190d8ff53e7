import { createHash } from "node:crypto"
import { globToRegExp } from "../util/glob.js"
import type { AllocationPolicy } from "./enrollments.js"

/** The latencies between some devices and the hubs, for `geoLatency` allocation. */
export interface LatencyRow {
    /** Registration IDs, where `*` matches any characters. The first matching row applies. */
    devices: string
    /** The latency by host name in lower case. A hub without a latency is not selected. */
    latencyMs: Record<string, number>
}

/**
 * Returns the hub of `hashed` allocation ("evenly weighted"). Each hub name is hashed together with the registration ID,
 * and the highest hash wins (rendezvous hashing). A new or removed hub therefore moves as few devices as possible.
 */
export function hashedHub(registrationId: string, hubs: string[]): string {
    const weight = (hub: string) => createHash("sha256").update(`${hub}\n${registrationId}`).digest("hex")
    return hubs.map(hub => ({ hub, weight: weight(hub) })).reduce((a, b) => (b.weight > a.weight ? b : a)).hub
}

/** Returns the hub with the lowest latency, or undefined if no row has a latency for this device. */
function nearestHub(registrationId: string, hubs: string[], latencies: LatencyRow[]): string | undefined {
    const row = latencies.find(({ devices }) => globToRegExp(devices).test(registrationId))
    const latencyOf = (hub: string) => row?.latencyMs[hub] ?? Infinity
    const nearest = hubs.reduce((a, b) => (latencyOf(b) < latencyOf(a) ? b : a))
    return latencyOf(nearest) < Infinity ? nearest : undefined
}

/** A device and the hubs that it can get. */
export interface AllocationInput {
    registrationId: string
    hubs: string[]
    latencies: LatencyRow[]
}

/** Returns the hub that a policy other than `custom` selects (default: `hashed`; protocol-facts.md, 3). */
export function allocate(
    policy: AllocationPolicy | undefined,
    { registrationId, hubs, latencies }: AllocationInput
): string {
    const nearest = policy === "geoLatency" ? nearestHub(registrationId, hubs, latencies) : undefined
    if (policy === "static") return hubs[0]
    return nearest ?? hashedHub(registrationId, hubs)
}
