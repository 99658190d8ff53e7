import type { Clock, Timer } from "@moorage/runtime"
import type { NewCloudEvent } from "../cloud-events.js"
import type { Device } from "./hub-device.js"
import { HubError } from "./hub-error.js"
import { methodRequestTopic } from "./hub-topics.js"

export interface MethodResult {
    status: number
    payload: unknown
}

/** The maximum length of a request and of a response (protocol-facts.md, 4). */
const METHOD_MAX_BYTES = 128 * 1024
const TIMEOUT_MS = 30_000

/** The answer of a device to a direct method, as received. */
export interface MethodAnswer {
    requestId: string
    status: number
    body: string
}

interface PendingCall {
    deviceId: string
    settle: (result: MethodResult | HubError) => void
    timer: Timer
}

/** One call of a direct method. */
interface MethodInvocation {
    name: string
    payload: unknown
    /** Counts the bytes of the request against the daily quota. */
    meter: (bytes: number) => void
    /** The wait for the answer (default: 30 s). */
    timeoutMs?: number
}

/** The pending direct method calls of one hub. */
export class MethodCalls {
    private readonly calls = new Map<string, PendingCall>()
    private lastRequestId = 0

    constructor(
        private readonly clock: Clock,
        private readonly record: (event: NewCloudEvent) => void
    ) {}

    /**
     * Calls a direct method and waits for the device's answer.
     * @throws HubError 404103 if the device is not connected or not subscribed, 504101 if it does not answer in time, 413001
     * if the payload or the answer is too large, and the errors of `meter`
     */
    async invoke(device: Device, call: MethodInvocation): Promise<MethodResult> {
        const { name, payload, meter, timeoutMs = TIMEOUT_MS } = call
        const { deviceId, session } = device
        const qos = device.grantedQos(filter => filter.startsWith("$iothub/methods/"))
        if (!session || qos === undefined)
            throw new HubError(
                404,
                404103,
                `Device ${deviceId} is not connected, or not subscribed to methods.`
            )
        const text = JSON.stringify(payload ?? null)
        const bytes = Buffer.byteLength(text)
        if (bytes > METHOD_MAX_BYTES) throw tooLarge()
        meter(bytes)
        const requestId = String(++this.lastRequestId)
        const result = await new Promise<MethodResult | HubError>(settle => {
            const onTimeout = () => {
                this.calls.delete(requestId)
                settle(new HubError(504, 504101, `Device ${deviceId} did not answer ${name} in time.`))
            }
            this.calls.set(requestId, { deviceId, settle, timer: this.clock.after(timeoutMs, onTimeout) })
            this.record({ kind: "method", id: deviceId, detail: name })
            session.publish(methodRequestTopic(name, requestId), text, 0)
        })
        if (result instanceof HubError) throw result
        return result
    }

    /** Completes a call with the device's answer. An answer without a pending call is ignored. */
    complete(deviceId: string, { requestId, status, body }: MethodAnswer): void {
        const call = this.calls.get(requestId)
        if (!call || call.deviceId !== deviceId) return
        this.calls.delete(requestId)
        call.timer.cancel()
        this.record({ kind: "methodResponse", id: deviceId, status })
        const isTooLarge = Buffer.byteLength(body) > METHOD_MAX_BYTES
        call.settle(isTooLarge ? tooLarge() : { status, payload: parsePayload(body) })
    }
}

/** Returns the JSON value of an answer, the text if it is not JSON, or null if it is empty. */
function parsePayload(body: string): unknown {
    try {
        return body ? (JSON.parse(body) as unknown) : null
    } catch {
        return body
    }
}

function tooLarge(): HubError {
    return new HubError(
        413,
        413001,
        `The payload of the method is too long (maximum ${METHOD_MAX_BYTES} bytes).`
    )
}
