/** A JSON object of a twin, null for "delete this". */
export type TwinPatch = { [key: string]: unknown }

function isObject(value: unknown): value is TwinPatch {
    return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** Merges `patch` into `target`: objects recurse, null deletes, all else replaces. */
function merge(target: TwinPatch, patch: TwinPatch): void {
    for (const [key, value] of Object.entries(patch)) {
        if (key.startsWith("$")) continue
        const old = target[key]
        if (value === null) delete target[key]
        else if (isObject(value)) {
            const inner = isObject(old) ? old : {}
            merge(inner, value)
            target[key] = inner
        } else target[key] = value
    }
}

/** One half of a twin: its properties and their version. */
class Section {
    readonly properties: TwinPatch = {}
    version = 1

    patch(patch: TwinPatch): number {
        merge(this.properties, patch)
        return ++this.version
    }

    toJSON(): TwinPatch {
        return { ...this.properties, $version: this.version }
    }
}

/** A device twin: what the service desires and what the device reports. */
export class Twin {
    readonly desired = new Section()
    readonly reported = new Section()

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
