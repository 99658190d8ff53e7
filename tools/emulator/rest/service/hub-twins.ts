import { timestamp } from "../../dps/dps-bodies.js"
import type { Device } from "../../hub/hub-device.js"
import type { TwinPatch } from "../../hub/twin.js"
import { isJsonObject, type JsonObject } from "../../util/json-object.js"
import { type ServiceAnswer, objectBody, etagHeader, requireMatch } from "./service-call.js"
import { ServiceError } from "./service-errors.js"
import { type HubCall, ZERO_TIME, requireDevice } from "./hub-call.js"
import { page, requireEverything } from "./paged-query.js"

/** A twin as the service sees it. */
function twinJson(device: Device): JsonObject {
    const { twin, statusUpdatedMs } = device
    return {
        deviceId: device.deviceId,
        etag: twin.etag,
        deviceEtag: device.etag,
        status: device.enabled ? "enabled" : "disabled",
        statusReason: device.statusReason ?? undefined,
        statusUpdateTime: statusUpdatedMs === undefined ? ZERO_TIME : timestamp(statusUpdatedMs),
        connectionState: device.session ? "Connected" : "Disconnected",
        lastActivityTime: ZERO_TIME,
        cloudToDeviceMessageCount: device.waiting.length,
        authenticationType: "sas",
        x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
        modelId: "",
        version: twin.version,
        tags: twin.tags.properties,
        properties: { desired: twin.desired.withMetadata(), reported: twin.reported.withMetadata() },
        capabilities: device.capabilities,
    }
}

function twinAnswer(device: Device): ServiceAnswer {
    return { status: 200, json: twinJson(device), headers: etagHeader(device.twin.etag) }
}

export function getTwin(call: HubCall): ServiceAnswer {
    return twinAnswer(requireDevice(call.hub, call.params[0]))
}

/** A part that the service may write; undefined when it is left out. @throws ServiceError 400 */
function partOf(value: unknown, name: string): TwinPatch | undefined {
    if (value === undefined) return undefined
    if (!isJsonObject(value)) throw new ServiceError(400, 400000, `${name} is not an object.`)
    return value
}

function partsOf(call: HubCall): { tags: TwinPatch | undefined; desired: TwinPatch | undefined } {
    const body = objectBody(call)
    const tags = partOf(body.tags, "tags")
    const desired = partOf(partOf(body.properties, "properties")?.desired, "properties.desired")
    return { tags, desired }
}

/** Merges; null deletes. A connected device is told of what is desired. */
export function patchTwin(call: HubCall): ServiceAnswer {
    const device = requireDevice(call.hub, call.params[0])
    requireMatch(call.headers, device.twin.etag)
    const { tags, desired } = partsOf(call)
    if (tags) call.hub.patchTags(device.deviceId, tags)
    if (desired) call.hub.patchDesired(device.deviceId, desired)
    return twinAnswer(device)
}

/** Puts the parts that are given in the place of the old ones. */
export function replaceTwin(call: HubCall): ServiceAnswer {
    const device = requireDevice(call.hub, call.params[0])
    requireMatch(call.headers, device.twin.etag)
    const { tags, desired } = partsOf(call)
    if (tags) call.hub.replaceTags(device.deviceId, tags)
    if (desired) call.hub.replaceDesired(device.deviceId, desired)
    return twinAnswer(device)
}

/** The twins of all devices. */
export function queryTwins(call: HubCall): ServiceAnswer {
    requireEverything(call, "devices")
    const devicesAfter = (id: string | undefined, count: number) => call.hub.devicesAfter(id, count)
    return page(call, "Twin", devicesAfter, device => device.deviceId, twinJson)
}
