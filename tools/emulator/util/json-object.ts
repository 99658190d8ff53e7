export type JsonObject = { [key: string]: unknown }

/** Returns whether a JSON value is an object. A list and null are not objects. */
export function isJsonObject(value: unknown): value is JsonObject {
    return typeof value === "object" && value !== null && !Array.isArray(value)
}
