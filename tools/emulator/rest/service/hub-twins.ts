import { timestamp } from "../../dps/dps-bodies.js"
import type { Device } from "../../hub/hub-device.js"
import type { TwinPatch } from "../../hub/twin.js"
import { isJsonObject, type JsonObject } from "../../util/json-object.js"
import { type ServiceAnswer, objectBody, etagHeader, requireMatch } from "./service-call.js"
import { ServiceError } from "./service-errors.js"
import { type HubCall, ZERO_TIME, requireDevice } from "./hub-call.js"
import { pageAnswer, requireQueryForAll } from "./paged-query.js"

/** Returns the JSON of a twin for the service API. */
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

/** Returns a twin with its tags and metadata. @throws ServiceError 404 */
export function getTwin(call: HubCall): ServiceAnswer {
    return twinAnswer(requireDevice(call.hub, call.params[0]))
}

/** Returns a section of a twin, or undefined if it is missing. @throws ServiceError 400 */
function readSection(value: unknown, name: string): TwinPatch | undefined {
    if (value === undefined) return undefined
    if (!isJsonObject(value)) throw new ServiceError(400, 400000, `${name} must be an object.`)
    return value
}

function readSections(call: HubCall): { tags: TwinPatch | undefined; desired: TwinPatch | undefined } {
    const body = objectBody(call)
    const tags = readSection(body.tags, "tags")
    const properties = readSection(body.properties, "properties")
    const desired = readSection(properties?.desired, "properties.desired")
    return { tags, desired }
}

/** Merges tags and desired properties. Null deletes a property. @throws ServiceError, HubError */
export function patchTwin(call: HubCall): ServiceAnswer {
    const device = requireDevice(call.hub, call.params[0])
    requireMatch(call.headers, device.twin.etag)
    const { tags, desired } = readSections(call)
    if (tags) call.hub.patchTags(device.deviceId, tags)
    if (desired) call.hub.patchDesired(device.deviceId, desired)
    return twinAnswer(device)
}

/** Replaces the given sections. @throws ServiceError, HubError */
export function replaceTwin(call: HubCall): ServiceAnswer {
    const device = requireDevice(call.hub, call.params[0])
    requireMatch(call.headers, device.twin.etag)
    const { tags, desired } = readSections(call)
    if (tags) call.hub.replaceTags(device.deviceId, tags)
    if (desired) call.hub.replaceDesired(device.deviceId, desired)
    return twinAnswer(device)
}

/** Returns a page of the twins of all devices. @throws ServiceError 400 */
export function queryTwins(call: HubCall): ServiceAnswer {
    requireQueryForAll(call, "devices")
    return pageAnswer(call, {
        itemType: "Twin",
        itemsAfter: (id, count) => call.hub.devicesAfter(id, count),
        idOf: device => device.deviceId,
        toJson: twinJson,
    })
}
