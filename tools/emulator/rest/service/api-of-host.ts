import type { Cloud } from "../../cloud.js"
import type { Hub } from "../../hub/hub.js"
import { DPS_DOMAIN, GLOBAL_DEVICE_ENDPOINT, HUB_DOMAIN } from "@moorage/protocol"

/** The API that a request addresses. `noHub` is a hub that does not exist. */
export type Api =
    { kind: "device" } | { kind: "dps"; host: string } | { kind: "hub"; hub: Hub } | { kind: "noHub" }

/** Returns the API for a Host header. An IP address and `localhost` select the device API. */
export function findApi(cloud: Cloud, hostHeader = ""): Api {
    const host = hostHeader.replace(/:\d+$/, "").toLowerCase()
    const hub = cloud.findHub(host)
    if (hub) return { kind: "hub", hub }
    if (host.endsWith(DPS_DOMAIN) && host !== GLOBAL_DEVICE_ENDPOINT) return { kind: "dps", host }
    if (host.endsWith(HUB_DOMAIN)) return { kind: "noHub" }
    return { kind: "device" }
}
