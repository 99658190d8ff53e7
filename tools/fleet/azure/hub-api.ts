// The service API of IoT Hub.
import { ignoreNotFound, parseJson, queryPages, type ServiceClient } from "./service-client.js"
import { CloudError } from "./cloud-errors.js"

const API_VERSION = "2021-04-12"
const PAGE_MAX = 1000
/** Time for the request itself, in addition to the time that the hub waits for the device. */
const REQUEST_MARGIN_MS = 15_000

export interface MethodCall {
    methodName: string
    payload: unknown
    /** Time limit of the hub for the response of the device: 5 to 300. */
    timeoutSec: number
}

/** The response of a device to a direct method. */
export interface MethodResponse {
    status: number
    payload: unknown
}

/** The calls of an IoT hub that find and reach boards. All methods throw CloudError. */
export class HubApi {
    constructor(readonly client: ServiceClient) {}

    get hostName(): string {
        return this.client.access.hostName
    }

    /** Yields the device IDs of a query, page by page. Example: `SELECT deviceId FROM devices WHERE tags.line = 7`. */
    async *deviceIds(query: string): AsyncGenerator<string[]> {
        const request = { path: "/devices/query", apiVersion: API_VERSION, query }
        for await (const page of queryPages(this.client, request, PAGE_MAX)) {
            const ids = page.map(({ deviceId }) => deviceId)
            if (ids.some(id => typeof id !== "string"))
                throw new CloudError(
                    "malformed",
                    "The query returns no device IDs. Select deviceId or * in the query."
                )
            yield ids as string[]
        }
    }

    /** Returns whether the hub has a twin of the device. The permission ServiceConnect is enough for this call. */
    async hasTwin(deviceId: string): Promise<boolean> {
        const path = `/twins/${encodeURIComponent(deviceId)}`
        const request = { method: "GET", path, apiVersion: API_VERSION }
        return (await ignoreNotFound(this.client.send(request))) !== undefined
    }

    /**
     * Calls a direct method and waits for the response of the device.
     * @throws CloudError with code 404103 if the device is not connected, 504101 if it does not respond in time, 404001
     * if the hub does not know it
     */
    async invokeMethod(deviceId: string, call: MethodCall): Promise<MethodResponse> {
        const { methodName, payload, timeoutSec } = call
        const response = await this.client.send({
            method: "POST",
            path: `/twins/${encodeURIComponent(deviceId)}/methods`,
            apiVersion: API_VERSION,
            json: { methodName, payload, responseTimeoutInSeconds: timeoutSec },
            timeoutMs: timeoutSec * 1000 + REQUEST_MARGIN_MS,
        })
        const result = parseJson(response, this.hostName) as Partial<MethodResponse>
        if (typeof result.status !== "number")
            throw new CloudError(
                "malformed",
                `The response of ${this.hostName} to a direct method has no status.`
            )
        return { status: result.status, payload: result.payload }
    }
}
