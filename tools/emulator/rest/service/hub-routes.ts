import type { Permission } from "../../auth/access-policies.js"
import type { ServiceRoute } from "./service-call.js"
import { bulkDevices } from "./hub-bulk.js"
import type { HubCall } from "./hub-call.js"
import {
    deleteDevice,
    deviceStatistics,
    getDevice,
    listDevices,
    putDevice,
    serviceStatistics,
} from "./hub-devices.js"
import { purgeCommands, sendToDevice } from "./hub-messages.js"
import { invokeMethod } from "./hub-methods.js"
import { getTwin, patchTwin, queryTwins, replaceTwin } from "./hub-twins.js"

export type { HubCall } from "./hub-call.js"

const READ: Permission = "RegistryRead"
const WRITE: Permission = "RegistryWrite"
const CONNECT: Permission = "ServiceConnect"

/** The routes of the service API of an IoT hub (2021-04-12; protocol-facts.md, 7). */
export const HUB_ROUTES: ServiceRoute<HubCall>[] = [
    { method: "GET", path: "/devices", permission: READ, handle: listDevices },
    { method: "POST", path: "/devices", permission: WRITE, handle: bulkDevices },
    { method: "POST", path: "/devices/query", permission: READ, handle: queryTwins },
    { method: "GET", path: "/devices/:id", permission: READ, handle: getDevice },
    { method: "PUT", path: "/devices/:id", permission: WRITE, handle: putDevice },
    { method: "DELETE", path: "/devices/:id", permission: WRITE, handle: deleteDevice },
    { method: "DELETE", path: "/devices/:id/commands", permission: CONNECT, handle: purgeCommands },
    { method: "GET", path: "/statistics/devices", permission: READ, handle: deviceStatistics },
    { method: "GET", path: "/statistics/service", permission: READ, handle: serviceStatistics },
    { method: "GET", path: "/twins/:id", permission: CONNECT, handle: getTwin },
    { method: "PATCH", path: "/twins/:id", permission: CONNECT, handle: patchTwin },
    { method: "PUT", path: "/twins/:id", permission: CONNECT, handle: replaceTwin },
    { method: "POST", path: "/twins/:id/methods", permission: CONNECT, handle: invokeMethod },
    { method: "POST", path: "/messages/devicebound", permission: CONNECT, handle: sendToDevice },
]
