import type { Clock, Random } from "@moorage/runtime"
import { newKey } from "@moorage/protocol"
import { type SasToken, verifySas } from "@moorage/protocol"
import type { LinkedHub } from "../dps/assignment.js"
import type { CloudEvent } from "../cloud-events.js"
import { OrderedMap } from "../util/ordered-map.js"
import type { Quirks } from "../quirks.js"
import type { HubThrottle } from "../quota/throttles.js"
import { type StateStore, type Snapshot, splitKey } from "../state/state-store.js"
import { DEVICE_BOUND_MAX, Device, type KeptDevice } from "./hub-device.js"
import { HubError } from "./hub-error.js"
import { MethodCalls, type MethodResult } from "./method-calls.js"
import { desiredTopic, deviceBoundFilter } from "./hub-topics.js"
import type { InitialTwin, TwinPatch, TwinState } from "./twin.js"
import { TwinLimitError } from "./twin-limits.js"

export interface HubOptions {
    hostName: string
    clock: Clock
    random: Random
    throttle: HubThrottle
    quirks: Quirks
    keeper: StateStore
    record: (event: Omit<CloudEvent, "atMs" | "service">) => void
}

/** How long a message waits unless it says (hub setting defaultTtl). */
const MESSAGE_LIFE_MS = 3_600_000
/** ETags of identities count from here. */
const FIRST_REVISION = 100_000_000

/** One IoT hub, without any transport: identities, sessions, methods, messages, twins. */
export class Hub implements LinkedHub {
    readonly hostName: string
    /** A hub that is down accepts no connection and has dropped those it had. */
    private up = true
    private readonly devices = new OrderedMap<Device>()
    private readonly calls: MethodCalls
    private lastRevision = 0

    constructor(private readonly options: HubOptions) {
        this.hostName = options.hostName
        this.calls = new MethodCalls(options.clock, options.record)
    }

    get isUp(): boolean {
        return this.up
    }

    setUp(up: boolean): void {
        this.up = up
        if (!up) for (const device of this.devices.values()) device.session?.close("hub down")
    }

    /** Drops every session and refuses all, for so long; all that is registered stays. */
    failOver(forSec: number): void {
        this.setUp(false)
        this.options.clock.after(forSec * 1000, () => this.setUp(true))
    }

    /** Takes up what an earlier process kept of this hub. */
    restore(whenDurable: Snapshot): void {
        for (const [key, value] of whenDurable) {
            const [kind, path] = splitKey(key)
            const [hostName, deviceId] = kind === "device" ? splitKey(path) : []
            if (hostName !== this.hostName || deviceId === undefined) continue
            const { keys } = value as KeptDevice
            const device = new Device(deviceId, keys, this.options.clock, value as KeptDevice)
            this.devices.set(deviceId, device)
            const revision = Number(Buffer.from(device.etag, "base64").toString()) - FIRST_REVISION
            if (revision > this.lastRevision) this.lastRevision = revision
        }
    }

    get quirks(): Quirks {
        return this.options.quirks
    }

    /** Something that must outlive the process has changed. */
    changed({ deviceId }: Device): void {
        const key = `device/${this.hostName}/${deviceId}`
        this.options.keeper.changed(key, () => this.devices.get(deviceId)?.kept)
    }

    /** Runs `answer` when all that has changed until now is kept. */
    kept(answer: () => void): void {
        this.options.keeper.kept(answer)
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

    /** Up to `count` devices, by ID, from the first after `id`. */
    devicesAfter(id: string | undefined, count: number): Device[] {
        return this.devices.after(id, count)
    }

    /** @throws HubError when the twin is more than a twin may hold */
    putDevice(deviceId: string, keys: string[], twin: InitialTwin | TwinState = {}): Device {
        let device = this.devices.get(deviceId)
        if (!device) {
            device = withinLimits(() => new Device(deviceId, keys, this.options.clock, twin))
            this.devices.set(deviceId, device)
        }
        device.keys = keys
        this.written(device)
        return device
    }

    twinOf(deviceId: string): TwinState | undefined {
        return this.devices.get(deviceId)?.twin.kept
    }

    removeDevice(deviceId: string): void {
        const device = this.devices.get(deviceId)
        if (!device) return
        this.devices.delete(deviceId)
        this.changed(device)
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
        const device = this.required(deviceId)
        const [primary, secondary] = device.keys
        device.keys = which === "primary" ? [key, ...(secondary ? [secondary] : [])] : [primary, key]
        this.written(device)
        return key
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
        return this.calls.invoke(this.required(deviceId), name, payload, meter, options.timeoutMs)
    }

    /** The device's answer to a method; one that nobody waits for is dropped. */
    methodAnswered(deviceId: string, requestId: string, status: number, body: string): void {
        this.calls.answered(deviceId, requestId, status, body)
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
        const device = this.required(deviceId)
        if (!device.hasConnected) return
        device.dropExpired()
        if (device.queue.length >= DEVICE_BOUND_MAX) throw new HubError(403, 403004, "Device queue is full.")
        const bytes = Buffer.from(body)
        this.meter(bytes.length)
        device.waiting.push({ body: bytes, properties, expiresAtMs, deliveries: 0 })
        this.options.record({ kind: "c2d", id: deviceId })
        this.changed(device)
        this.deliverWaiting(device)
    }

    /** Hands over what waits, as far as the device is there to take it. */
    deliverWaiting(device: Device): void {
        const qos = device.granted(deviceBoundFilter)
        while (device.session && qos !== undefined && device.waiting.length > 0) {
            const message = device.nextMessage()
            if (message) device.session.deliver(message, qos)
            this.changed(device)
        }
    }

    /** Drops what waits for a device. @returns how many messages */
    purge(deviceId: string): number {
        const device = this.required(deviceId)
        this.changed(device)
        return device.purge()
    }

    /** Changes tags, which the device never sees. @throws HubError */
    patchTags(deviceId: string, patch: TwinPatch): void {
        const device = this.required(deviceId)
        withinLimits(() => device.twin.tags.patch(patch))
        this.changed(device)
    }

    /** Puts new tags in the place of the old ones. @throws HubError */
    replaceTags(deviceId: string, tags: TwinPatch): void {
        const device = this.required(deviceId)
        withinLimits(() => device.twin.tags.replace(tags))
        this.changed(device)
    }

    /** What a device reports. @returns the new version, or undefined when it cannot be taken */
    report(device: Device, text: string): number | undefined {
        const version = device.twin.report(text)
        this.options.record({ kind: "twin", id: device.deviceId, body: text })
        this.changed(device)
        return version
    }

    /** Changes desired properties and pushes them to a connected device. @returns their version @throws HubError */
    patchDesired(deviceId: string, patch: TwinPatch): number {
        const device = this.required(deviceId)
        const version = withinLimits(() => device.twin.desired.patch(patch))
        this.changed(device)
        this.pushDesired(device, patch)
        return version
    }

    /**
     * Puts new desired properties in the place of the old ones. A connected device is told as by a patch:
     * what is gone is null. (Microsoft documents that it is told, not how.)
     * @throws HubError
     */
    replaceDesired(deviceId: string, properties: TwinPatch): number {
        const device = this.required(deviceId)
        const gone = Object.keys(device.twin.desired.properties).filter(
            key => !Object.hasOwn(properties, key)
        )
        const version = withinLimits(() => device.twin.desired.replace(properties))
        this.changed(device)
        this.pushDesired(device, { ...properties, ...Object.fromEntries(gone.map(key => [key, null])) })
        return version
    }

    /** The identity has changed: a new ETag, Base64 of a number, as the hub has it. */
    written(device: Device): void {
        device.etag = Buffer.from(String(++this.lastRevision + FIRST_REVISION)).toString("base64")
        this.changed(device)
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

function withinLimits<T>(work: () => T): T {
    try {
        return work()
    } catch (error) {
        if (error instanceof TwinLimitError) throw new HubError(400, 400000, error.message)
        throw error
    }
}
