import type { Clock } from "@moorage/runtime"
import { isJsonObject, type JsonObject } from "../util/json-object.js"
import { checkTwinLimits, TwinLimitError } from "./twin-limits.js"

/** A JSON object of a twin. Null deletes a property. */
export type TwinPatch = JsonObject

/** The twin of a new device (DPS, "initialTwin"). */
export interface InitialTwin {
    tags?: TwinPatch
    properties?: { desired?: TwinPatch }
}

/** One section of a twin in the stored state. */
interface SectionState {
    properties: TwinPatch
    version: number
    /** `$lastUpdated` of each property, in the shape of the properties. */
    times: TwinPatch
}

/** A complete twin in the stored state, or on its way to another hub. */
export interface TwinState {
    tags: SectionState
    desired: SectionState
    reported: SectionState
}

/** The maximum sizes of the sections (protocol-facts.md, 4). */
const TAGS_MAX_BYTES = 8 * 1024
const PROPERTIES_MAX_BYTES = 32 * 1024

/** Merges `patch` into `target`. Objects are merged recursively, null deletes, and other values replace. */
function mergeInto(target: TwinPatch, patch: TwinPatch): void {
    for (const [key, value] of Object.entries(patch)) {
        if (key.startsWith("$") || key === "__proto__") continue
        const old = target[key]
        if (value === null) delete target[key]
        else if (isJsonObject(value)) {
            const inner = isJsonObject(old) ? old : {}
            mergeInto(inner, value)
            target[key] = inner
        } else target[key] = value
    }
}

/** Sets `$lastUpdated` of each property in `patch`. `target` has the shape of the properties. Null removes a time. */
function stampTimes(target: TwinPatch, patch: TwinPatch, time: string): void {
    target.$lastUpdated = time
    for (const [key, value] of Object.entries(patch)) {
        if (key.startsWith("$") || key === "__proto__") continue
        const old = target[key]
        const inner: TwinPatch = isJsonObject(old) && isJsonObject(value) ? old : {}
        if (value === null) delete target[key]
        else {
            stampTimes(inner, isJsonObject(value) ? value : {}, time)
            target[key] = inner
        }
    }
}

/** One section of a twin: its properties, the times of their changes, and their version. */
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

    /** The state to store. It is not a copy. */
    get state(): SectionState {
        return this.current
    }

    /** Merges a patch. @returns the new version @throws TwinLimitError, without a change */
    patch(patch: TwinPatch): number {
        this.merge(patch)
        return ++this.current.version
    }

    /** Replaces all properties. @returns the new version @throws TwinLimitError, without a change */
    replace(properties: TwinPatch): number {
        const next: TwinPatch = {}
        mergeInto(next, properties)
        checkTwinLimits(next, this.maxBytes)
        this.current.properties = next
        this.current.times = {}
        this.stampTimes(properties)
        return ++this.current.version
    }

    /** Merges properties without a new version, as for a new twin. @throws TwinLimitError, without a change */
    merge(properties: TwinPatch): void {
        const next = structuredClone(this.current.properties)
        mergeInto(next, properties)
        checkTwinLimits(next, this.maxBytes)
        this.current.properties = next
        this.stampTimes(properties)
    }

    /** Returns the properties with the times of all changes, for the service API. The device does not see the times. */
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

/** A device twin: tags, desired properties and reported properties. */
export class Twin {
    /** The device does not see the tags. */
    readonly tags: TwinSection
    readonly desired: TwinSection
    readonly reported: TwinSection

    /** @param from the state on another hub or before a restart, or the initial twin of a new device */
    constructor(clock: Clock, from: InitialTwin | TwinState = {}) {
        const state = "reported" in from ? from : undefined
        this.tags = new TwinSection(clock, TAGS_MAX_BYTES, state?.tags)
        this.desired = new TwinSection(clock, PROPERTIES_MAX_BYTES, state?.desired)
        this.reported = new TwinSection(clock, PROPERTIES_MAX_BYTES, state?.reported)
        if ("reported" in from) return
        this.tags.merge(from.tags ?? {})
        this.desired.merge(from.properties?.desired ?? {})
    }

    /** The state to store. It is not a copy. */
    get state(): TwinState {
        return { tags: this.tags.state, desired: this.desired.state, reported: this.reported.state }
    }

    /** Increases at every change. */
    get version(): number {
        return this.tags.version + this.desired.version + this.reported.version - 2
    }

    /** Changes with tags and desired properties: the Base64 text of a 64-bit counter, as in IoT Hub. */
    get etag(): string {
        const counter = Buffer.alloc(8)
        counter.writeBigUInt64BE(BigInt(this.tags.version + this.desired.version - 1))
        return counter.toString("base64")
    }

    /** Returns the body of the answer to a GET over MQTT. */
    toBody(): string {
        return JSON.stringify({ desired: this.desired, reported: this.reported })
    }

    /** Merges reported properties. @returns the new version, or undefined if `text` is not a JSON object or too large */
    report(text: string): number | undefined {
        try {
            const patch: unknown = JSON.parse(text)
            return isJsonObject(patch) ? this.reported.patch(patch) : undefined
        } catch (error) {
            if (error instanceof SyntaxError || error instanceof TwinLimitError) return undefined
            throw error
        }
    }
}
