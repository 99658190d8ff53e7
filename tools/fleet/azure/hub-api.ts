import { parseJson, ignoreNotFound, queryPages, type ServiceClient } from "./service-client.js"
import { CloudError } from "./cloud-errors.js"

/** IoT Hub service API. */
const API_VERSION = "2021-04-12"
const PAGE_MAX = 1000
/** Beside what the hub itself waits for the device. */
const MARGIN_MS = 15_000

export interface MethodAnswer {
    /** The device's own. */
    status: number
    payload: unknown
}

/** The service API of an IoT hub, as far as boards are reached by it. All throw CloudError. */
export class HubApi {
    constructor(readonly client: ServiceClient) {}

    get hostName(): string {
        return this.client.access.hostName
    }

    /** IDs of the devices that a query finds, such as `SELECT deviceId FROM devices WHERE tags.line = 7`. */
    async *deviceIds(query: string): AsyncGenerator<string[]> {
        const asked = { path: "/devices/query", apiVersion: API_VERSION, query }
        for await (const page of queryPages(this.client, asked, PAGE_MAX)) {
            const ids = page.map(({ deviceId }) => deviceId)
            if (ids.some(id => typeof id !== "string"))
                throw new CloudError(
                    "malformed",
                    "The query finds no device IDs: it must select deviceId or *."
                )
            yield ids as string[]
        }
    }

    /** Whether the hub knows the device: reads its twin. The right to call methods (ServiceConnect) is enough. */
    async hasTwin(deviceId: string): Promise<boolean> {
        const path = `/twins/${encodeURIComponent(deviceId)}`
        const asked = { method: "GET", path, apiVersion: API_VERSION }
        return (await ignoreNotFound(this.client.send(asked))) !== undefined
    }

    /**
     * Calls a direct method and waits for the device's answer.
     * @param timeoutSec 5 to 300
     * @throws CloudError with code 404103 when the device is not connected, 504101 when it is late, 404001 when the
     * hub does not know it
     */
    async invokeMethod(
        deviceId: string,
        methodName: string,
        payload: unknown,
        timeoutSec: number
    ): Promise<MethodAnswer> {
        const path = `/twins/${encodeURIComponent(deviceId)}/methods`
        const json = { methodName, payload, responseTimeoutInSeconds: timeoutSec }
        const timeoutMs = timeoutSec * 1000 + MARGIN_MS
        const answer = await this.client.send({
            method: "POST",
            path,
            apiVersion: API_VERSION,
            json,
            timeoutMs,
        })
        const { status, payload: answered } = parseJson(answer, this.hostName) as Partial<MethodAnswer>
        if (typeof status !== "number")
            throw new CloudError(
                "malformed",
                `What ${this.hostName} answers to a direct method has no status.`
            )
        return { status, payload: answered }
    }
}
