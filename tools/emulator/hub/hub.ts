// IoT hubs without a transport: identities, twins, messages, direct methods and their limits.
import type { Clock, Random } from "@moorage/runtime"
import { encodePropertyBag, newKey } from "@moorage/protocol"
import { type SasToken, verifySasToken } from "../auth/sas-verification.js"
import type { NewCloudEvent } from "../cloud-events.js"
import { OrderedMap } from "../util/ordered-map.js"
import type { Quirks } from "../quirks.js"
import type { HubThrottle } from "../quota/throttles.js"
import { type StateStore, type Snapshot, splitKey } from "../state/state-store.js"
import { DEVICE_QUEUE_MAX, Device, type StoredDevice } from "./hub-device.js"
import { HubError } from "./hub-error.js"
import { type MethodAnswer, MethodCalls, type MethodResult } from "./method-calls.js"
import { desiredTopic, isDeviceBoundFilter } from "./hub-topics.js"
import type { InitialTwin, TwinPatch, TwinState } from "./twin.js"
import { TwinLimitError } from "./twin-limits.js"

export interface HubOptions {
    hostName: string
    clock: Clock
    random: Random
    throttle: HubThrottle
    quirks: Quirks
    stateStore: StateStore
    record: (event: NewCloudEvent) => void
}

/** The default lifetime of a cloud-to-device message (hub setting defaultTtl). */
const MESSAGE_LIFETIME_MS = 3_600_000
/** The offset of the revision numbers in the ETags of identities. */
const FIRST_REVISION = 100_000_000

/** One IoT hub without a transport: identities, sessions, methods, messages and twins. */
export class Hub {
    readonly hostName: string
    /** An unavailable hub accepts no connection and has closed all connections. */
    private available = true
    private readonly devices = new OrderedMap<Device>()
    private readonly calls: MethodCalls
    private lastRevision = 0

    constructor(private readonly options: HubOptions) {
        this.hostName = options.hostName
        this.calls = new MethodCalls(options.clock, options.record)
    }

    get isAvailable(): boolean {
        return this.available
    }

    /** Makes the hub available or unavailable. An unavailable hub closes all sessions. */
    setAvailable(isAvailable: boolean): void {
        this.available = isAvailable
        if (!isAvailable) for (const device of this.devices.values()) device.session?.close("hub down")
    }

    /** Closes every session and refuses all connections for `forSec`. The identities stay. */
    failOver(forSec: number): void {
        this.setAvailable(false)
        this.options.clock.after(forSec * 1000, () => this.setAvailable(true))
    }

    /** Restores the state of this hub from an earlier process. */
    restore(snapshot: Snapshot): void {
        for (const [key, value] of snapshot) {
            const [kind, path] = splitKey(key)
            const [hostName, deviceId] = kind === "device" ? splitKey(path) : []
            if (hostName !== this.hostName || deviceId === undefined) continue
            const { keys } = value as StoredDevice
            const device = new Device(deviceId, keys, this.options.clock, value as StoredDevice)
            this.devices.set(deviceId, device)
            const revision = Number(Buffer.from(device.etag, "base64").toString()) - FIRST_REVISION
            if (revision > this.lastRevision) this.lastRevision = revision
        }
    }

    get quirks(): Quirks {
        return this.options.quirks
    }

    /** Reports a change of the state that must survive the process. */
    markChanged({ deviceId }: Device): void {
        const key = `device/${this.hostName}/${deviceId}`
        this.options.stateStore.markChanged(key, () => this.devices.get(deviceId)?.stored)
    }

    /** Calls `reply` when all changes until now are stored. */
    whenDurable(reply: () => void): void {
        this.options.stateStore.whenDurable(reply)
    }

    /** Calls `fn` after `sec` seconds, or immediately for 0. */
    runAfter(sec: number, fn: () => void): void {
        if (sec > 0) this.options.clock.after(sec * 1000, fn)
        else fn()
    }

    get throttle(): HubThrottle {
        return this.options.throttle
    }

    /** Returns the device with this ID, or undefined. Device IDs are case-sensitive. */
    device(deviceId: string): Device | undefined {
        return this.devices.get(deviceId)
    }

    /** Returns the IDs of all devices. */
    deviceIds(): string[] {
        return [...this.devices.keys()]
    }

    /** Returns up to `count` devices in the order of their IDs, from the first after `id`. */
    devicesAfter(id: string | undefined, count: number): Device[] {
        return this.devices.after(id, count)
    }

    /**
     * Creates a device with this twin, or replaces the keys of an existing device.
     * @throws HubError 400000 if the twin exceeds the limits of a twin
     */
    putDevice(deviceId: string, keys: string[], twin: InitialTwin | TwinState = {}): Device {
        let device = this.devices.get(deviceId)
        if (!device) {
            device = mapTwinLimitError(() => new Device(deviceId, keys, this.options.clock, twin))
            this.devices.set(deviceId, device)
        }
        device.keys = keys
        this.markIdentityChanged(device)
        return device
    }

    /** Returns the complete twin of a device, or undefined if the device does not exist. */
    twinOf(deviceId: string): TwinState | undefined {
        return this.devices.get(deviceId)?.twin.state
    }

    /** Deletes a device, if it exists, and closes its connection. */
    removeDevice(deviceId: string): void {
        const device = this.devices.get(deviceId)
        if (!device) return
        this.devices.delete(deviceId)
        this.markChanged(device)
        device.session?.close("device deleted")
    }

    /**
     * Replaces the primary or the secondary key of a device. A session continues until its token expires.
     * @returns the new key
     * @throws HubError 404001 if the device does not exist
     */
    rotateKey(
        deviceId: string,
        which: "primary" | "secondary",
        key = newKey(this.options.random, 32)
    ): string {
        const device = this.requireDevice(deviceId)
        const [primary, secondary] = device.keys
        device.keys = which === "primary" ? [key, ...(secondary ? [secondary] : [])] : [primary, key]
        this.markIdentityChanged(device)
        return key
    }

    /**
     * Enables or disables a device. Disabling closes the connection without a reason (protocol-facts.md, 5.2).
     * @throws HubError 404001 if the device does not exist
     */
    setEnabled(deviceId: string, enabled: boolean): void {
        const device = this.requireDevice(deviceId)
        if (device.enabled !== enabled) device.statusUpdatedMs = this.options.clock.nowMs()
        device.enabled = enabled
        this.markIdentityChanged(device)
        if (!enabled) device.session?.close("device disabled")
    }

    /** Closes the device's connection, as a failover does. */
    disconnect(deviceId: string): void {
        this.devices.get(deviceId)?.session?.close("dropped by the service")
    }

    /** Returns the device if `token` is valid now. Returns undefined for every kind of refusal, as over MQTT. */
    authenticate(deviceId: string, token: SasToken | undefined): Device | undefined {
        const device = this.devices.get(deviceId)
        const resource = `${this.hostName}/devices/${deviceId}`
        if (!this.available || !device?.enabled) return undefined
        const nowSec = this.options.clock.nowMs() / 1000
        return verifySasToken(token, { resource, keys: device.keys, nowSec }) ? device : undefined
    }

    /**
     * Calls a direct method and waits for the device's answer (default: 30 s).
     * @throws HubError 404001 if the device does not exist, 404103 if it is not connected or not subscribed, 504101 if it
     * does not answer in time, 413001 if the payload or the answer is too large, 403002 if the daily quota is used up
     */
    async invokeMethod(
        deviceId: string,
        name: string,
        payload: unknown,
        options: { timeoutMs?: number } = {}
    ): Promise<MethodResult> {
        const meter = (bytes: number) => this.meter(bytes)
        return this.calls.invoke(this.requireDevice(deviceId), { name, payload, meter, ...options })
    }

    /** Completes a method call with the device's answer. An answer without a pending call is ignored. */
    completeMethod(deviceId: string, answer: MethodAnswer): void {
        this.calls.complete(deviceId, answer)
    }

    /**
     * Sends a cloud-to-device message, or queues it until the device subscribes. A message for a device that has never
     * connected is lost.
     * @param expiresAtMs default: one hour from now
     * @throws HubError 404001 if the device does not exist, 403004 if its queue is full, 403002 if the daily quota is used
     * up
     */
    sendToDevice(
        deviceId: string,
        body: Uint8Array | string,
        properties: Record<string, string> = {},
        expiresAtMs = this.options.clock.nowMs() + MESSAGE_LIFETIME_MS
    ): void {
        const device = this.requireDevice(deviceId)
        if (!device.hasConnected) return
        device.dropExpired()
        if (device.undelivered.length >= DEVICE_QUEUE_MAX)
            throw new HubError(403, 403004, "Device queue is full.")
        const bytes = Buffer.from(body)
        this.meter(bytes.length)
        device.waiting.push({ body: bytes, properties, expiresAtMs, deliveries: 0 })
        this.options.record({ kind: "c2d", id: deviceId })
        this.markChanged(device)
        this.deliverWaiting(device)
    }

    /** Sends the queued messages if the device is connected and subscribed. */
    deliverWaiting(device: Device): void {
        const qos = device.grantedQos(isDeviceBoundFilter)
        while (device.session && qos !== undefined && device.waiting.length > 0) {
            const message = device.nextMessage()
            if (message) device.session.deliver(message, qos)
            this.markChanged(device)
        }
    }

    /** Deletes the queued messages of a device. @returns the number of messages @throws HubError 404001 */
    purge(deviceId: string): number {
        const device = this.requireDevice(deviceId)
        this.markChanged(device)
        return device.purge()
    }

    /** Changes tags. The device does not see them. @throws HubError 404001, 400000 */
    patchTags(deviceId: string, patch: TwinPatch): void {
        const device = this.requireDevice(deviceId)
        mapTwinLimitError(() => device.twin.tags.patch(patch))
        this.markChanged(device)
    }

    /** Replaces all tags. @throws HubError 404001, 400000 */
    replaceTags(deviceId: string, tags: TwinPatch): void {
        const device = this.requireDevice(deviceId)
        mapTwinLimitError(() => device.twin.tags.replace(tags))
        this.markChanged(device)
    }

    /** Records a device-to-cloud message. */
    recordTelemetry({ deviceId }: Device, body: string, properties: Record<string, string>): void {
        const detail = encodePropertyBag(properties)
        this.options.record({ kind: "telemetry", id: deviceId, body, properties, detail })
    }

    /** Merges reported properties. @returns the new version, or undefined if `text` is invalid */
    report(device: Device, text: string): number | undefined {
        const version = device.twin.report(text)
        this.options.record({ kind: "twin", id: device.deviceId, body: text })
        this.markChanged(device)
        return version
    }

    /**
     * Changes desired properties and sends the change to a connected device.
     * @returns the new version
     * @throws HubError 404001, 400000
     */
    patchDesired(deviceId: string, patch: TwinPatch): number {
        const device = this.requireDevice(deviceId)
        const version = mapTwinLimitError(() => device.twin.desired.patch(patch))
        this.markChanged(device)
        this.pushDesired(device, patch)
        return version
    }

    /**
     * Replaces all desired properties. A connected device receives a patch, in which removed properties are null. (Microsoft
     * documents that the device is notified, but not the format.)
     * @returns the new version
     * @throws HubError 404001, 400000
     */
    replaceDesired(deviceId: string, properties: TwinPatch): number {
        const device = this.requireDevice(deviceId)
        const removed = Object.keys(device.twin.desired.properties).filter(
            key => !Object.hasOwn(properties, key)
        )
        const version = mapTwinLimitError(() => device.twin.desired.replace(properties))
        this.markChanged(device)
        this.pushDesired(device, { ...properties, ...Object.fromEntries(removed.map(key => [key, null])) })
        return version
    }

    /** Reports a change of the identity and sets a new ETag: the Base64 text of a number, as in IoT Hub. */
    markIdentityChanged(device: Device): void {
        device.etag = Buffer.from(String(++this.lastRevision + FIRST_REVISION)).toString("base64")
        this.markChanged(device)
    }

    /** Counts a message against the daily quota. @throws HubError 403002 if the quota is used up */
    private meter(bytes: number): void {
        if (!this.throttle.meter(bytes))
            throw new HubError(
                403,
                403002,
                "Total number of messages on IotHub exceeded the allocated quota."
            )
    }

    private pushDesired(device: Device, patch: TwinPatch): void {
        const { version } = device.twin.desired
        const qos = device.grantedQos(filter => filter.includes("/desired/"))
        if (qos !== undefined)
            device.session?.publish(
                desiredTopic(version),
                JSON.stringify({ ...patch, $version: version }),
                qos
            )
    }

    private requireDevice(deviceId: string): Device {
        const device = this.devices.get(deviceId)
        if (!device) throw new HubError(404, 404001, `Device ${deviceId} is not registered.`)
        return device
    }
}

/** Calls `work` and converts a TwinLimitError into a HubError. */
function mapTwinLimitError<T>(work: () => T): T {
    try {
        return work()
    } catch (error) {
        if (error instanceof TwinLimitError) throw new HubError(400, 400000, error.message)
        throw error
    }
}
