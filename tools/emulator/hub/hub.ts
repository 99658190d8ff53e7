import type { Clock, Random } from "@moorage/runtime"
import { newKey } from "@moorage/protocol"
import { type SasToken, verifySas } from "@moorage/protocol"
import type { CloudEvent } from "../cloud-events.js"
import { OrderedMap } from "../util/ordered-map.js"
import type { Quirks } from "../quirks.js"
import type { HubThrottle } from "../quota/throttles.js"
import { type StateStore, type Snapshot, splitKey } from "../state/state-store.js"
import { DEVICE_QUEUE_MAX, Device, type StoredDevice } from "./hub-device.js"
import { HubError } from "./hub-error.js"
import { MethodCalls, type MethodResult } from "./method-calls.js"
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
    record: (event: Omit<CloudEvent, "atMs" | "service">) => void
}

/** How long a message waits unless it says (hub setting defaultTtl). */
const MESSAGE_LIFE_MS = 3_600_000
/** ETags of identities count from here. */
const FIRST_REVISION = 100_000_000

/** One IoT hub, without any transport: identities, sessions, methods, messages, twins. */
export class Hub {
    readonly hostName: string
    /** A hub that is down accepts no connection and has dropped those it had. */
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

    setAvailable(up: boolean): void {
        this.available = up
        if (!up) for (const device of this.devices.values()) device.session?.close("hub down")
    }

    /** Drops every session and refuses all, for so long; all that is registered stays. */
    failOver(forSec: number): void {
        this.setAvailable(false)
        this.options.clock.after(forSec * 1000, () => this.setAvailable(true))
    }

    /** Takes up what an earlier process kept of this hub. */
    restore(whenDurable: Snapshot): void {
        for (const [key, value] of whenDurable) {
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

    /** Something that must outlive the process has changed. */
    markChanged({ deviceId }: Device): void {
        const key = `device/${this.hostName}/${deviceId}`
        this.options.stateStore.markChanged(key, () => this.devices.get(deviceId)?.kept)
    }

    /** Runs `answer` when all that has changed until now is kept. */
    whenDurable(answer: () => void): void {
        this.options.stateStore.whenDurable(answer)
    }

    /** Calls `fn` after so long, at once for 0. */
    runAfter(sec: number, fn: () => void): void {
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

    /** Up to `count` devices, by ID, from the first after `id`. */
    devicesAfter(id: string | undefined, count: number): Device[] {
        return this.devices.after(id, count)
    }

    /** @throws HubError when the twin is more than a twin may hold */
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

    twinOf(deviceId: string): TwinState | undefined {
        return this.devices.get(deviceId)?.twin.kept
    }

    removeDevice(deviceId: string): void {
        const device = this.devices.get(deviceId)
        if (!device) return
        this.devices.delete(deviceId)
        this.markChanged(device)
        device.session?.close("device deleted")
    }

    /**
     * Gives a device a new key in place of its primary or secondary one. A session lasts until its token expires.
     * @returns the new key @throws HubError 404001
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

    /** Disabled while connected is a bare close (facts 5.2). */
    setEnabled(deviceId: string, enabled: boolean): void {
        const device = this.requireDevice(deviceId)
        if (device.enabled !== enabled) device.statusUpdatedMs = this.options.clock.nowMs()
        device.enabled = enabled
        this.markIdentityChanged(device)
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
        if (!this.available || !device?.enabled) return undefined
        return verifySas(token, resource, device.keys, this.options.clock.nowMs() / 1000) ? device : undefined
    }

    /**
     * Calls a direct method and waits for the device's answer, 30 s unless it says otherwise.
     * @throws HubError 404001, 404103 when the device is not connected or not subscribed, 504101 when it is late,
     * 413001 when the payload or the answer is too large, 403002 when the day's quota is spent
     */
    async invokeMethod(
        deviceId: string,
        name: string,
        payload: unknown,
        options: { timeoutMs?: number } = {}
    ): Promise<MethodResult> {
        const meter = (bytes: number) => this.meter(bytes)
        return this.calls.invoke(this.requireDevice(deviceId), name, payload, meter, options.timeoutMs)
    }

    /** The device's answer to a method; one that nobody waits for is dropped. */
    completeMethod(deviceId: string, requestId: string, status: number, body: string): void {
        this.calls.complete(deviceId, requestId, status, body)
    }

    /**
     * Sends a cloud-to-device message, or keeps it until the device subscribes; one for a device that never
     * connected is lost.
     * @param expiresAtMs an hour from now unless given
     * @throws HubError 403004 over 50, 403002 when the day's quota is spent
     */
    sendToDevice(
        deviceId: string,
        body: Uint8Array | string,
        properties: Record<string, string> = {},
        expiresAtMs = this.options.clock.nowMs() + MESSAGE_LIFE_MS
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

    /** Hands over what waits, as far as the device is there to take it. */
    deliverWaiting(device: Device): void {
        const qos = device.grantedQos(isDeviceBoundFilter)
        while (device.session && qos !== undefined && device.waiting.length > 0) {
            const message = device.nextMessage()
            if (message) device.session.deliver(message, qos)
            this.markChanged(device)
        }
    }

    /** Drops what waits for a device. @returns how many messages */
    purge(deviceId: string): number {
        const device = this.requireDevice(deviceId)
        this.markChanged(device)
        return device.purge()
    }

    /** Changes tags, which the device never sees. @throws HubError */
    patchTags(deviceId: string, patch: TwinPatch): void {
        const device = this.requireDevice(deviceId)
        mapTwinLimitError(() => device.twin.tags.patch(patch))
        this.markChanged(device)
    }

    /** Puts new tags in the place of the old ones. @throws HubError */
    replaceTags(deviceId: string, tags: TwinPatch): void {
        const device = this.requireDevice(deviceId)
        mapTwinLimitError(() => device.twin.tags.replace(tags))
        this.markChanged(device)
    }

    /** What a device reports. @returns the new version, or undefined when it cannot be taken */
    report(device: Device, text: string): number | undefined {
        const version = device.twin.report(text)
        this.options.record({ kind: "twin", id: device.deviceId, body: text })
        this.markChanged(device)
        return version
    }

    /** Changes desired properties and pushes them to a connected device. @returns their version @throws HubError */
    patchDesired(deviceId: string, patch: TwinPatch): number {
        const device = this.requireDevice(deviceId)
        const version = mapTwinLimitError(() => device.twin.desired.patch(patch))
        this.markChanged(device)
        this.pushDesired(device, patch)
        return version
    }

    /**
     * Puts new desired properties in the place of the old ones. A connected device is told as by a patch:
     * what is gone is null. (Microsoft documents that it is told, not how.)
     * @throws HubError
     */
    replaceDesired(deviceId: string, properties: TwinPatch): number {
        const device = this.requireDevice(deviceId)
        const gone = Object.keys(device.twin.desired.properties).filter(
            key => !Object.hasOwn(properties, key)
        )
        const version = mapTwinLimitError(() => device.twin.desired.replace(properties))
        this.markChanged(device)
        this.pushDesired(device, { ...properties, ...Object.fromEntries(gone.map(key => [key, null])) })
        return version
    }

    /** The identity has changed: a new ETag, Base64 of a number, as the hub has it. */
    markIdentityChanged(device: Device): void {
        device.etag = Buffer.from(String(++this.lastRevision + FIRST_REVISION)).toString("base64")
        this.markChanged(device)
    }

    /** Counts a message against the day's quota. @throws HubError 403002 when it is spent */
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

function mapTwinLimitError<T>(work: () => T): T {
    try {
        return work()
    } catch (error) {
        if (error instanceof TwinLimitError) throw new HubError(400, 400000, error.message)
        throw error
    }
}
