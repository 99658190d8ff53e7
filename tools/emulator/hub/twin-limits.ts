// The limits of a device twin (Microsoft, "Understand and use device twins in IoT Hub"; protocol-facts.md, 4).
import { isJsonObject, type JsonObject } from "../util/json-object.js"

const KEY_MAX_BYTES = 1024
const STRING_MAX_BYTES = 4096
const DEPTH_MAX = 10
/** Control characters, `.`, `$` and space. */
const FORBIDDEN_IN_KEY = /[\u0000-\u001f\u007f-\u009f.$ ]/

/** A section of a twin exceeds a limit. */
export class TwinLimitError extends Error {}

/** Returns the size of a value in bytes: text counts as UTF-8, a number 8, a Boolean 4. @throws TwinLimitError */
function sizeOf(value: unknown, depth: number): number {
    if (typeof value === "string") {
        const bytes = Buffer.byteLength(value)
        if (bytes > STRING_MAX_BYTES)
            throw new TwinLimitError(`A string is ${bytes} bytes long (maximum ${STRING_MAX_BYTES}).`)
        return bytes
    }
    if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item, depth + 1), 0)
    if (isJsonObject(value)) return objectSize(value, depth + 1)
    return typeof value === "number" ? 8 : 4
}

function objectSize(object: JsonObject, depth: number): number {
    if (depth > DEPTH_MAX)
        throw new TwinLimitError(`Objects are nested too deep (maximum ${DEPTH_MAX} levels).`)
    let bytes = 0
    for (const [key, value] of Object.entries(object)) {
        const keyBytes = Buffer.byteLength(key)
        if (keyBytes > KEY_MAX_BYTES || FORBIDDEN_IN_KEY.test(key))
            throw new TwinLimitError(
                `A key must have at most ${KEY_MAX_BYTES} bytes and no dot, $, space or control character.`
            )
        bytes += keyBytes + sizeOf(value, depth)
    }
    return bytes
}

/** Checks a section of a twin. @throws TwinLimitError if it exceeds a limit */
export function checkTwinLimits(properties: JsonObject, maxBytes: number): void {
    const bytes = objectSize(properties, 0)
    if (bytes > maxBytes)
        throw new TwinLimitError(`This section of the twin is ${bytes} bytes long (maximum ${maxBytes}).`)
}
