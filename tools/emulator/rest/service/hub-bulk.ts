import { isJsonObject, type JsonObject } from "../../util/json-object.js"
import { type ServiceAnswer, jsonBody, requireMatch } from "./service-call.js"
import { hubErrorName, ServiceError } from "./service-errors.js"
import { type HubCall, requireDevice } from "./hub-call.js"
import { writeDevice } from "./hub-devices.js"

/** The maximum number of devices in one bulk operation. */
const BULK_MAX = 100

const MODES = ["create", "createorupdate", "update", "updateifmatchetag", "delete", "deleteifmatchetag"]

function applyItem(call: HubCall, id: string, item: JsonObject): void {
    const mode = String(item.importMode).toLowerCase()
    if (!MODES.includes(mode)) throw new ServiceError(400, 400000, "importMode is invalid.")
    const { hub } = call
    if (mode === "create" && hub.device(id)) throw new ServiceError(409, 409001, `${id} already exists.`)
    if (!mode.startsWith("create")) {
        const { etag } = requireDevice(hub, id)
        // The SDK sends `etag`. The documents say `eTag`.
        if (mode.endsWith("ifmatchetag")) requireMatch({ "if-match": String(item.eTag ?? item.etag) }, etag)
    }
    if (mode.startsWith("delete")) hub.removeDevice(id)
    else writeDevice(call, id, item)
}

/** Processes each device separately. The answer lists the devices that failed. @throws ServiceError 400 */
export function bulkDevices(call: HubCall): ServiceAnswer {
    const list = jsonBody(call)
    if (!Array.isArray(list) || list.length === 0 || list.length > BULK_MAX)
        throw new ServiceError(400, 400000, `The body must be a list of 1 to ${BULK_MAX} devices.`)
    const errors: JsonObject[] = []
    for (const item of list as unknown[]) {
        const id = isJsonObject(item) ? item.id : undefined
        try {
            if (!isJsonObject(item) || typeof id !== "string")
                throw new ServiceError(400, 400000, "id is missing.")
            applyItem(call, id, item)
        } catch (error) {
            if (!(error instanceof ServiceError)) throw error
            const name = hubErrorName(error)
            errors.push({ deviceId: id ?? null, errorCode: name, errorStatus: error.message })
        }
    }
    const isSuccessful = errors.length === 0
    return { status: isSuccessful ? 200 : 400, json: { isSuccessful, errors, warnings: [] } }
}
