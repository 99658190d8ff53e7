import { createHash } from "node:crypto"

/**
 * The hub of `hashed` allocation ("evenly weighted"): the one with the highest hash together with the
 * registration ID, so that a hub that comes or goes moves as few devices as can be.
 */
export function hashedHub(registrationId: string, hubs: string[]): string {
    const weight = (hub: string) => createHash("sha256").update(`${hub}\n${registrationId}`).digest("hex")
    return hubs.map(hub => ({ hub, weight: weight(hub) })).reduce((a, b) => (b.weight > a.weight ? b : a)).hub
}
