import type { Clock } from "@moorage/time"

/** A JSON object of a twin, null for "delete this". */
export type TwinPatch = { [key: string]: unknown }

/** What a new device's twin starts with (DPS, "initialTwin"). */
export interface InitialTwin {
    tags?: TwinPatch
    properties?: { desired?: TwinPatch }
}

function isObject(value: unknown): value is TwinPatch {
    return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** Merges `patch` into `target`: objects recurse, null deletes, all else replaces. */
function merge(target: TwinPatch, patch: TwinPatch): void {
    for (const [key, value] of Object.entries(patch)) {
        if (key.startsWith("$") || key === "__proto__") continue
        const old = target[key]
        if (value === null) delete target[key]
        else if (isObject(value)) {
            const inner = isObject(old) ? old : {}
            merge(inner, value)
            target[key] = inner
        } else target[key] = value
    }
}

/** Notes in `target`, which has the shape of the properties, what `patch` writes at `time`; null forgets. */
function stamp(target: TwinPatch, patch: TwinPatch, time: string): void {
    target.$lastUpdated = time
    for (const [key, value] of Object.entries(patch)) {
        if (key.startsWith("$") || key === "__proto__") continue
        const old = target[key]
        const inner: TwinPatch = isObject(old) && isObject(value) ? old : {}
        if (value === null) delete target[key]
        else {
            stamp(inner, isObject(value) ? value : {}, time)
            target[key] = inner
        }
    }
}

/** One part of a twin: its properties, when they were written, and their version. */
class Section {
    readonly properties: TwinPatch = {}
    version = 1
    private times: TwinPatch = {}

    constructor(private readonly clock: Clock) {
        this.stamp({})
    }

    patch(patch: TwinPatch): number {
        this.start(patch)
        return ++this.version
    }

    /** Puts `properties` in the place of all there are. */
    replace(properties: TwinPatch): number {
        for (const key of Object.keys(this.properties)) delete this.properties[key]
        this.times = {}
        return this.patch(properties)
    }

    /** What a new twin has from the start: no new version. */
    start(properties: TwinPatch): void {
        merge(this.properties, properties)
        this.stamp(properties)
    }

    /** With the times of all writes, as the service sees it; the device does not. */
    withMetadata(): TwinPatch {
        return { ...this.properties, $metadata: this.times, $version: this.version }
    }

    toJSON(): TwinPatch {
        return { ...this.properties, $version: this.version }
    }

    private stamp(patch: TwinPatch): void {
        stamp(this.times, patch, `${new Date(this.clock.nowMs()).toISOString().slice(0, -1)}0000Z`)
    }
}

/** A device twin: the service's tags, what it desires and what the device reports. */
export class Twin {
    /** The device never sees them. */
    readonly tags: Section
    readonly desired: Section
    readonly reported: Section

    constructor(clock: Clock) {
        this.tags = new Section(clock)
        this.desired = new Section(clock)
        this.reported = new Section(clock)
    }

    start(initial: InitialTwin): void {
        this.tags.start(initial.tags ?? {})
        this.desired.start(initial.properties?.desired ?? {})
    }

    /** Goes up at every write. */
    get version(): number {
        return this.tags.version + this.desired.version + this.reported.version - 2
    }

    /** Changes with tags and desired properties: Base64 of a 64-bit counter, as the hub has it. */
    get etag(): string {
        const counter = Buffer.alloc(8)
        counter.writeBigUInt64BE(BigInt(this.tags.version + this.desired.version - 1))
        return counter.toString("base64")
    }

    /** Body of a GET over MQTT. */
    body(): string {
        return JSON.stringify({ desired: this.desired, reported: this.reported })
    }

    /** @returns the new version, or undefined when `text` is not a JSON object */
    report(text: string): number | undefined {
        try {
            const patch: unknown = JSON.parse(text)
            return isObject(patch) ? this.reported.patch(patch) : undefined
        } catch {
            return undefined
        }
    }
}
