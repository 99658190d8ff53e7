import type { Clock, Random, Timer } from "@moorage/time"
import { type SasToken, verifySas } from "../auth/sas.js"
import type { LinkedHub } from "../dps/service.js"
import type { CloudEvent } from "../events.js"
import { DEVICE_BOUND_MAX, Device, type DeviceBound } from "./device.js"
import { desiredTopic, deviceBoundFilter, methodRequestTopic } from "./topics.js"
import type { InitialTwin, TwinPatch } from "./twin.js"
import type { HubThrottle } from "../quota/throttles.js"

export interface HubOptions {
    hostName: string
    clock: Clock
    random: Random
    throttle: HubThrottle
    record: (event: Omit<CloudEvent, "atMs" | "service">) => void
}

export interface MethodResult {
    status: number
    payload: unknown
}

/** Why the hub could not do what the service side asked; codes as IoT Hub's REST API has them. */
export class HubError extends Error {
    constructor(
        readonly status: number,
        readonly code: number,
        message: string
    ) {
        super(message)
    }
}

interface PendingCall {
    deviceId: string
    settle: (result: MethodResult | HubError) => void
    timer: Timer
}

/** One IoT hub, without any transport: identities, sessions, methods, messages, twins. */
export class Hub implements LinkedHub {
    readonly hostName: string
    /** A hub that is down accepts no connection and has dropped those it had. */
    private up = true
    private readonly devices = new Map<string, Device>()
    private readonly calls = new Map<string, PendingCall>()
    private lastRequestId = 0
    private lastRevision = 0

    constructor(private readonly options: HubOptions) {
        this.hostName = options.hostName
    }

    get isUp(): boolean {
        return this.up
    }

    setUp(up: boolean): void {
        this.up = up
        if (!up) for (const device of this.devices.values()) device.session?.close("hub down")
    }

    /** Calls `fn` after so long, at once for 0. */
    after(sec: number, fn: () => void): void {
        if (sec > 0) this.options.clock.after(sec * 1000, fn)
        else fn()
    }

    get throttle(): HubThrottle {
        return this.options.throttle
    }

    device(deviceId: string): Device | undefined {
        return this.devices.get(deviceId)
    }

    deviceIds(): string[] {
        return [...this.devices.keys()]
    }

    putDevice(deviceId: string, keys: string[], initialTwin?: InitialTwin): Device {
        let device = this.devices.get(deviceId)
        if (!device) {
            device = new Device(deviceId, keys, this.options.clock)
            device.twin.start(initialTwin ?? {})
            this.devices.set(deviceId, device)
        }
        device.keys = keys
        this.written(device)
        return device
    }

    removeDevice(deviceId: string): void {
        const device = this.devices.get(deviceId)
        this.devices.delete(deviceId)
        device?.session?.close("device deleted")
    }

    /** Disabled while connected is a bare close (facts 5.2). */
    setEnabled(deviceId: string, enabled: boolean): void {
        const device = this.required(deviceId)
        if (device.enabled !== enabled) device.statusUpdatedMs = this.options.clock.nowMs()
        device.enabled = enabled
        this.written(device)
        if (!enabled) device.session?.close("device disabled")
    }

    /** Drops the device's connection, as a fail-over does. */
    disconnect(deviceId: string): void {
        this.devices.get(deviceId)?.session?.close("dropped by the service")
    }

    /** The device, when `token` opens it now; undefined for every kind of refusal, as over MQTT. */
    authenticate(deviceId: string, token: SasToken | undefined): Device | undefined {
        const device = this.devices.get(deviceId)
        const resource = `${this.hostName}/devices/${deviceId}`
        if (!this.up || !device?.enabled) return undefined
        return verifySas(token, resource, device.keys, this.options.clock.nowMs() / 1000) ? device : undefined
    }

    /**
     * Calls a direct method and waits for the device's answer.
     * @throws HubError 404103 when the device is not connected or not subscribed, 504101 when it is late
     */
    async invokeMethod(
        deviceId: string,
        name: string,
        payload: unknown,
        options: { timeoutMs?: number } = {}
    ): Promise<MethodResult> {
        const device = this.required(deviceId)
        const qos = device.granted(filter => filter.startsWith("$iothub/methods/"))
        if (!device.session || qos === undefined)
            throw new HubError(404, 404103, `Device ${deviceId} is not connected, or takes no methods.`)
        const requestId = String(++this.lastRequestId)
        const result = await new Promise<MethodResult | HubError>(settle => {
            const late = () => {
                this.calls.delete(requestId)
                settle(new HubError(504, 504101, `Device ${deviceId} did not answer ${name} in time.`))
            }
            const timer = this.options.clock.after(options.timeoutMs ?? 30_000, late)
            this.calls.set(requestId, { deviceId, settle, timer })
            this.options.record({ kind: "method", id: deviceId, detail: name })
            device.session?.publish(methodRequestTopic(name, requestId), JSON.stringify(payload ?? null), 0)
        })
        if (result instanceof HubError) throw result
        return result
    }

    /** The device's answer to a method; one that nobody waits for is dropped. */
    methodAnswered(deviceId: string, requestId: string, status: number, body: string): void {
        const call = this.calls.get(requestId)
        if (!call || call.deviceId !== deviceId) return
        this.calls.delete(requestId)
        call.timer.cancel()
        this.options.record({ kind: "methodResponse", id: deviceId, status })
        let payload: unknown = null
        try {
            payload = body ? JSON.parse(body) : null
        } catch {
            payload = body
        }
        call.settle({ status, payload })
    }

    /**
     * Sends a cloud-to-device message, or keeps it until the device subscribes; one for a device that never
     * connected is lost. @throws HubError over 50
     */
    sendToDevice(deviceId: string, body: Uint8Array | string, properties: Record<string, string> = {}): void {
        const device = this.required(deviceId)
        if (!device.hasConnected) return
        if (device.waiting.length >= DEVICE_BOUND_MAX)
            throw new HubError(403, 403004, "Device queue is full.")
        device.waiting.push({ body: Buffer.from(body), properties })
        this.deliverWaiting(device)
    }

    /** Hands over what waits, as far as the device is there to take it. */
    deliverWaiting(device: Device): void {
        const qos = device.granted(deviceBoundFilter)
        while (device.session && qos !== undefined && device.waiting.length > 0) {
            const message = device.waiting.shift() as DeviceBound
            device.session.deliver(message, qos)
        }
    }

    /** Changes desired properties and pushes them to a connected device. @returns their version */
    patchDesired(deviceId: string, patch: TwinPatch): number {
        const device = this.required(deviceId)
        const version = device.twin.desired.patch(patch)
        this.pushDesired(device, patch)
        return version
    }

    /**
     * Puts new desired properties in the place of the old ones. A connected device is told as by a patch:
     * what is gone is null. (Microsoft documents that it is told, not how.)
     */
    replaceDesired(deviceId: string, properties: TwinPatch): number {
        const device = this.required(deviceId)
        const gone = Object.keys(device.twin.desired.properties).filter(
            key => !Object.hasOwn(properties, key)
        )
        const version = device.twin.desired.replace(properties)
        this.pushDesired(device, { ...properties, ...Object.fromEntries(gone.map(key => [key, null])) })
        return version
    }

    /** The identity has changed: a new ETag, Base64 of a number, as the hub has it. */
    written(device: Device): void {
        device.etag = Buffer.from(String(++this.lastRevision + 100_000_000)).toString("base64")
    }

    private pushDesired(device: Device, patch: TwinPatch): void {
        const { version } = device.twin.desired
        const qos = device.granted(filter => filter.includes("/desired/"))
        if (qos !== undefined)
            device.session?.publish(
                desiredTopic(version),
                JSON.stringify({ ...patch, $version: version }),
                qos
            )
    }

    private required(deviceId: string): Device {
        const device = this.devices.get(deviceId)
        if (!device) throw new HubError(404, 404001, `Device ${deviceId} is not registered.`)
        return device
    }
}
