import type { Cloud } from "../../cloud.js"
import type { Hub } from "../../hub/hub.js"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"

/** Which API a request is for. */
export type Api =
    { kind: "device" } | { kind: "dps"; host: string } | { kind: "hub"; hub: Hub } | { kind: "noHub" }

/** All names of it but {@link GLOBAL_DEVICE_ENDPOINT} are those of a DPS instance. */
const DPS_DOMAIN = ".azure-devices-provisioning.net"
const HUB_DOMAIN = ".azure-devices.net"

/** The API behind a Host header. An address or `localhost` is the device API. */
export function findApi(cloud: Cloud, hostHeader = ""): Api {
    const host = hostHeader.replace(/:\d+$/, "").toLowerCase()
    const hub = cloud.findHub(host)
    if (hub) return { kind: "hub", hub }
    if (host.endsWith(DPS_DOMAIN) && host !== GLOBAL_DEVICE_ENDPOINT) return { kind: "dps", host }
    if (host.endsWith(HUB_DOMAIN)) return { kind: "noHub" }
    return { kind: "device" }
}
