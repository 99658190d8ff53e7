import type { Clock } from "@moorage/runtime"
import { isJsonObject as isObject, type JsonObject } from "../util/json-object.js"
import { checkTwinLimits, TwinLimitError } from "./twin-limits.js"

/** A JSON object of a twin, null for "delete this". */
export type TwinPatch = JsonObject

/** What a new device's twin starts with (DPS, "initialTwin"). */
export interface InitialTwin {
    tags?: TwinPatch
    properties?: { desired?: TwinPatch }
}

/** One part of a twin, as it is kept or handed to another hub. */
interface SectionState {
    properties: TwinPatch
    version: number
    times: TwinPatch
}

/** All of a twin, as it is kept or handed to another hub. */
export interface TwinState {
    tags: SectionState
    desired: SectionState
    reported: SectionState
}

/** Bytes (facts 4). */
const TAGS_MAX = 8 * 1024
const PROPERTIES_MAX = 32 * 1024

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
function stampTimes(target: TwinPatch, patch: TwinPatch, time: string): void {
    target.$lastUpdated = time
    for (const [key, value] of Object.entries(patch)) {
        if (key.startsWith("$") || key === "__proto__") continue
        const old = target[key]
        const inner: TwinPatch = isObject(old) && isObject(value) ? old : {}
        if (value === null) delete target[key]
        else {
            stampTimes(inner, isObject(value) ? value : {}, time)
            target[key] = inner
        }
    }
}

/** One part of a twin: its properties, when they were written, and their version. */
class TwinSection {
    private current: SectionState

    constructor(
        private readonly clock: Clock,
        private readonly maxBytes: number,
        state?: SectionState
    ) {
        this.current = state ? structuredClone(state) : { properties: {}, version: 1, times: {} }
        if (!state) this.stampTimes({})
    }

    get properties(): TwinPatch {
        return this.current.properties
    }

    get version(): number {
        return this.current.version
    }

    /** For keeping: not a copy. */
    get kept(): SectionState {
        return this.current
    }

    /** Merges. @returns the new version @throws TwinLimitError, and nothing is changed */
    patch(patch: TwinPatch): number {
        this.merge(patch)
        return ++this.current.version
    }

    /** Puts `properties` in the place of all there are. @throws TwinLimitError, and nothing is changed */
    replace(properties: TwinPatch): number {
        const next: TwinPatch = {}
        merge(next, properties)
        checkTwinLimits(next, this.maxBytes)
        this.current.properties = next
        this.current.times = {}
        this.stampTimes(properties)
        return ++this.current.version
    }

    /** What a new twin has from the start: no new version. @throws TwinLimitError */
    merge(properties: TwinPatch): void {
        const next = structuredClone(this.current.properties)
        merge(next, properties)
        checkTwinLimits(next, this.maxBytes)
        this.current.properties = next
        this.stampTimes(properties)
    }

    /** With the times of all writes, as the service sees it; the device does not. */
    withMetadata(): TwinPatch {
        return { ...this.properties, $metadata: this.current.times, $version: this.version }
    }

    toJSON(): TwinPatch {
        return { ...this.properties, $version: this.version }
    }

    private stampTimes(patch: TwinPatch): void {
        stampTimes(
            this.current.times,
            patch,
            `${new Date(this.clock.nowMs()).toISOString().slice(0, -1)}0000Z`
        )
    }
}

/** A device twin: the service's tags, what it desires and what the device reports. */
export class Twin {
    /** The device never sees them. */
    readonly tags: TwinSection
    readonly desired: TwinSection
    readonly reported: TwinSection

    /** @param from what it was on another hub, or before a restart; or what a new one starts with */
    constructor(clock: Clock, from: InitialTwin | TwinState = {}) {
        const state = "reported" in from ? from : undefined
        this.tags = new TwinSection(clock, TAGS_MAX, state?.tags)
        this.desired = new TwinSection(clock, PROPERTIES_MAX, state?.desired)
        this.reported = new TwinSection(clock, PROPERTIES_MAX, state?.reported)
        if ("reported" in from) return
        this.tags.merge(from.tags ?? {})
        this.desired.merge(from.properties?.desired ?? {})
    }

    /** For keeping: not a copy. */
    get kept(): TwinState {
        return { tags: this.tags.kept, desired: this.desired.kept, reported: this.reported.kept }
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
    toBody(): string {
        return JSON.stringify({ desired: this.desired, reported: this.reported })
    }

    /** @returns the new version, or undefined when `text` is not a JSON object or more than a twin may hold */
    report(text: string): number | undefined {
        try {
            const patch: unknown = JSON.parse(text)
            return isObject(patch) ? this.reported.patch(patch) : undefined
        } catch (error) {
            if (error instanceof SyntaxError || error instanceof TwinLimitError) return undefined
            throw error
        }
    }
}
