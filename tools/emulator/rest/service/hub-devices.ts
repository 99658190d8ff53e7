import { isSymmetricKey, newKey } from "@moorage/protocol"
import { timestamp } from "../../dps/dps-bodies.js"
import type { Device } from "../../hub/hub-device.js"
import { isJsonObject, type JsonObject } from "../../util/json-object.js"
import { type ServiceAnswer, noContentAnswer, objectBody, etagHeader, requireMatch } from "./service-call.js"
import { ServiceError } from "./service-errors.js"
import { type HubCall, isDeviceId, ZERO_TIME, requireDevice } from "./hub-call.js"

const NEW_KEY_BYTES = 32
/** The maximum and default length of a list of devices. */
const LIST_MAX = 1000

/** Returns the JSON of an identity, with its keys. */
function identityJson(device: Device): JsonObject {
    const [primaryKey, secondaryKey = null] = device.keys
    const { statusUpdatedMs } = device
    return {
        deviceId: device.deviceId,
        generationId: device.generationId,
        etag: device.etag,
        connectionState: device.session ? "Connected" : "Disconnected",
        status: device.enabled ? "enabled" : "disabled",
        statusReason: device.statusReason,
        connectionStateUpdatedTime: ZERO_TIME,
        statusUpdatedTime: statusUpdatedMs === undefined ? ZERO_TIME : timestamp(statusUpdatedMs),
        lastActivityTime: ZERO_TIME,
        cloudToDeviceMessageCount: device.waiting.length,
        authentication: {
            symmetricKey: { primaryKey, secondaryKey },
            x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
            type: "sas",
        },
        capabilities: device.capabilities,
    }
}

function identityAnswer(device: Device): ServiceAnswer {
    return { status: 200, json: identityJson(device), headers: etagHeader(device.etag) }
}

/** Reads the keys of an identity. Missing keys keep their values, or are created for a new identity. */
function keysOf(call: HubCall, body: JsonObject, old: Device | undefined): string[] {
    const authentication = body.authentication ?? {}
    if (!isJsonObject(authentication))
        throw new ServiceError(400, 400000, "authentication must be an object.")
    const { type = "sas", symmetricKey } = authentication
    if (type !== "sas")
        throw new ServiceError(
            400,
            400000,
            `The emulator does not support the authentication type ${String(type)}. Use sas.`
        )
    const given = isJsonObject(symmetricKey) ? symmetricKey : {}
    return ["primaryKey", "secondaryKey"].map((name, i) => {
        const key = given[name]
        if (key === undefined || key === null || key === "")
            return old?.keys[i] ?? newKey(call.cloud.random, NEW_KEY_BYTES)
        if (typeof key === "string" && isSymmetricKey(key)) return key
        throw new ServiceError(400, 400000, `${name} must be Base64 of 16 to 64 bytes.`)
    })
}

/** Creates or changes an identity. @throws ServiceError 400 */
export function writeDevice(call: HubCall, deviceId: string, body: JsonObject): Device {
    const { hub } = call
    if (!isDeviceId(deviceId)) throw new ServiceError(400, 400000, "deviceId is malformed.")
    const status = body.status ?? "enabled"
    if (status !== "enabled" && status !== "disabled")
        throw new ServiceError(400, 400000, "status is invalid.")
    const device = hub.putDevice(deviceId, keysOf(call, body, hub.device(deviceId)))
    device.statusReason = typeof body.statusReason === "string" ? body.statusReason : null
    if (isJsonObject(body.capabilities)) device.capabilities = body.capabilities
    if (device.enabled !== (status === "enabled")) hub.setEnabled(deviceId, status === "enabled")
    return device
}

/** Returns an identity with its keys. @throws ServiceError 404 */
export function getDevice(call: HubCall): ServiceAnswer {
    return identityAnswer(requireDevice(call.hub, call.params[0]))
}

/** Creates or changes an identity. Without If-Match, an existing identity is a conflict. @throws ServiceError */
export function putDevice(call: HubCall): ServiceAnswer {
    const deviceId = call.params[0]
    const body = objectBody(call)
    if (body.deviceId !== undefined && body.deviceId !== deviceId)
        throw new ServiceError(400, 400000, "deviceId differs between body and path.")
    if (call.headers["if-match"] === undefined) {
        if (call.hub.device(deviceId))
            throw new ServiceError(409, 409001, `A device with ID '${deviceId}' is already registered.`)
    } else requireMatch(call.headers, requireDevice(call.hub, deviceId).etag)
    return identityAnswer(writeDevice(call, deviceId, body))
}

/** Deletes an identity and closes its session. @throws ServiceError 404, 412 */
export function deleteDevice(call: HubCall): ServiceAnswer {
    const device = requireDevice(call.hub, call.params[0])
    requireMatch(call.headers, device.etag)
    call.hub.removeDevice(device.deviceId)
    return noContentAnswer()
}

function allDevices({ hub }: HubCall): Device[] {
    return hub.deviceIds().map(id => requireDevice(hub, id))
}

/** Returns the first `top` identities (default and maximum: 1000). @throws ServiceError 400 */
export function listDevices(call: HubCall): ServiceAnswer {
    const text = call.query.get("top") ?? String(LIST_MAX)
    const top = Number(text)
    if (!/^\d+$/.test(text) || top < 1 || top > LIST_MAX)
        throw new ServiceError(400, 400000, `top must be an integer from 1 to ${LIST_MAX}.`)
    return { status: 200, json: allDevices(call).slice(0, top).map(identityJson) }
}

/** Returns the numbers of all, enabled and disabled devices. */
export function deviceStatistics(call: HubCall): ServiceAnswer {
    const devices = allDevices(call)
    const enabled = devices.filter(device => device.enabled).length
    const json = {
        totalDeviceCount: devices.length,
        enabledDeviceCount: enabled,
        disabledDeviceCount: devices.length - enabled,
    }
    return { status: 200, json }
}

/** Returns the number of connected devices. */
export function serviceStatistics(call: HubCall): ServiceAnswer {
    const connectedDeviceCount = allDevices(call).filter(device => device.session).length
    return { status: 200, json: { connectedDeviceCount } }
}
