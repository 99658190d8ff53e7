import type { Cloud } from "../../cloud.js"
import type { Hub } from "../../hub/hub.js"
import { DEVICE_HOST } from "../../device-addresses.js"

/** Which API a request is for. */
export type Api =
    { kind: "device" } | { kind: "dps"; host: string } | { kind: "hub"; hub: Hub } | { kind: "noHub" }

/** All names of it but {@link DEVICE_HOST} are those of a DPS instance. */
const DPS_DOMAIN = ".azure-devices-provisioning.net"
const HUB_DOMAIN = ".azure-devices.net"

/** The API behind a Host header. An address or `localhost` is the device API. */
export function apiOf(cloud: Cloud, hostHeader = ""): Api {
    const host = hostHeader.replace(/:\d+$/, "").toLowerCase()
    const hub = cloud.findHub(host)
    if (hub) return { kind: "hub", hub }
    if (host.endsWith(DPS_DOMAIN) && host !== DEVICE_HOST) return { kind: "dps", host }
    if (host.endsWith(HUB_DOMAIN)) return { kind: "noHub" }
    return { kind: "device" }
}
