// What IoT Hub takes into a twin (Microsoft, "Understand and use device twins", limits; facts 4).
import { isJsonObject, type JsonObject } from "../util/json-object.js"

const KEY_MAX_BYTES = 1024
const STRING_MAX_BYTES = 4096
const DEPTH_MAX = 10
/** Not in a key: control characters, `.`, `$` and space. */
const FORBIDDEN_IN_KEY = /[\u0000-\u001f\u007f-\u009f.$ ]/

/** What a part of a twin must keep to: `maxBytes` in all. */
export class TwinLimitError extends Error {}

/** Bytes that a value counts for: text as UTF-8, a number 8, a Boolean 4. */
function sizeOf(value: unknown, depth: number): number {
    if (typeof value === "string") {
        const bytes = Buffer.byteLength(value)
        if (bytes > STRING_MAX_BYTES)
            throw new TwinLimitError(`A string is ${STRING_MAX_BYTES} bytes at most.`)
        return bytes
    }
    if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + sizeOf(item, depth + 1), 0)
    if (isJsonObject(value)) return objectSize(value, depth + 1)
    return typeof value === "number" ? 8 : 4
}

function objectSize(object: JsonObject, depth: number): number {
    if (depth > DEPTH_MAX) throw new TwinLimitError(`Objects are nested ${DEPTH_MAX} deep at most.`)
    let bytes = 0
    for (const [key, value] of Object.entries(object)) {
        const keyBytes = Buffer.byteLength(key)
        if (keyBytes > KEY_MAX_BYTES || FORBIDDEN_IN_KEY.test(key))
            throw new TwinLimitError(
                `A key is ${KEY_MAX_BYTES} bytes at most, without dot, $, space or controls.`
            )
        bytes += keyBytes + sizeOf(value, depth)
    }
    return bytes
}

/** @throws TwinLimitError when `properties` are more than a part of a twin may be */
export function checkTwinLimits(properties: JsonObject, maxBytes: number): void {
    if (objectSize(properties, 0) > maxBytes)
        throw new TwinLimitError(`This part of the twin is ${maxBytes} bytes at most.`)
}
