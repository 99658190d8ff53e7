import type { Clock, Timer } from "@moorage/runtime"
import type { CloudEvent } from "../cloud-events.js"
import type { Device } from "./hub-device.js"
import { HubError } from "./hub-error.js"
import { methodRequestTopic } from "./hub-topics.js"

export interface MethodResult {
    status: number
    payload: unknown
}

/** A direct method's request and its response (facts 4). */
const METHOD_MAX_BYTES = 128 * 1024
const TIMEOUT_MS = 30_000

interface PendingCall {
    deviceId: string
    settle: (result: MethodResult | HubError) => void
    timer: Timer
}

/** Direct methods that are under way on one hub. */
export class MethodCalls {
    private readonly calls = new Map<string, PendingCall>()
    private lastRequestId = 0

    constructor(
        private readonly clock: Clock,
        private readonly record: (event: Omit<CloudEvent, "atMs" | "service">) => void
    ) {}

    /**
     * Calls a direct method and waits for the device's answer.
     * @param meter counts the request
     * @throws HubError 404103 when the device is not connected or not subscribed, 504101 when it is late,
     * 413001 when the payload or the answer is too large, and what `meter` throws
     */
    async invoke(
        device: Device,
        name: string,
        payload: unknown,
        meter: (bytes: number) => void,
        timeoutMs = TIMEOUT_MS
    ): Promise<MethodResult> {
        const { deviceId, session } = device
        const qos = device.grantedQos(filter => filter.startsWith("$iothub/methods/"))
        if (!session || qos === undefined)
            throw new HubError(404, 404103, `Device ${deviceId} is not connected, or takes no methods.`)
        const text = JSON.stringify(payload ?? null)
        const bytes = Buffer.byteLength(text)
        if (bytes > METHOD_MAX_BYTES) throw tooLarge()
        meter(bytes)
        const requestId = String(++this.lastRequestId)
        const result = await new Promise<MethodResult | HubError>(settle => {
            const late = () => {
                this.calls.delete(requestId)
                settle(new HubError(504, 504101, `Device ${deviceId} did not answer ${name} in time.`))
            }
            this.calls.set(requestId, { deviceId, settle, timer: this.clock.after(timeoutMs, late) })
            this.record({ kind: "method", id: deviceId, detail: name })
            session.publish(methodRequestTopic(name, requestId), text, 0)
        })
        if (result instanceof HubError) throw result
        return result
    }

    /** The device's answer to a method; one that nobody waits for is dropped. */
    complete(deviceId: string, requestId: string, status: number, body: string): void {
        const call = this.calls.get(requestId)
        if (!call || call.deviceId !== deviceId) return
        this.calls.delete(requestId)
        call.timer.cancel()
        this.record({ kind: "methodResponse", id: deviceId, status })
        const isTooLarge = Buffer.byteLength(body) > METHOD_MAX_BYTES
        call.settle(isTooLarge ? tooLarge() : { status, payload: parsePayload(body) })
    }
}

/** JSON, or else the text as it came; nothing is null. */
function parsePayload(body: string): unknown {
    try {
        return body ? (JSON.parse(body) as unknown) : null
    } catch {
        return body
    }
}

function tooLarge(): HubError {
    return new HubError(413, 413001, `A method's payload is ${METHOD_MAX_BYTES} bytes at most.`)
}
