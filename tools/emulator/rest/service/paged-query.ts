import { isJsonObject } from "../../util/json-object.js"
import { type ServiceAnswer, type ServiceCall, jsonBody } from "./service-call.js"
import { ServiceError } from "./service-errors.js"

const PAGE_DEFAULT = 100
const PAGE_MAX = 1000

function pageSize(headers: Record<string, string>): number {
    const text = headers["x-ms-max-item-count"]
    if (text === undefined || text === "") return PAGE_DEFAULT
    if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
        throw new ServiceError(400, 400000, "x-ms-max-item-count is a whole number from 1.")
    return Math.min(Number(text), PAGE_MAX)
}

/** Where the page before ended. The token is ours to choose: the ID that came last, so that no deletion shifts it. */
function lastId(headers: Record<string, string>): string | undefined {
    const token = headers["x-ms-continuation"]
    if (!token) return undefined
    const text = Buffer.from(token, "base64url").toString()
    if (!text.startsWith("after:")) throw new ServiceError(400, 400000, "x-ms-continuation is malformed.")
    return text.slice("after:".length)
}

/** Where the items of a page come from: up to `count` of them, by ID, from the first after `id`. */
export type ItemsAfter<T> = (id: string | undefined, count: number) => T[]

/** One page. The last page has no `x-ms-continuation`. @throws ServiceError 400 */
export function page<T>(
    call: ServiceCall,
    itemType: string,
    itemsAfter: ItemsAfter<T>,
    idOf: (item: T) => string,
    show: (item: T) => unknown
): ServiceAnswer {
    const size = pageSize(call.headers)
    const found = itemsAfter(lastId(call.headers), size + 1)
    const taken = found.slice(0, size)
    const headers: Record<string, string> = {
        "x-ms-item-type": itemType,
        "x-ms-max-item-count": String(size),
    }
    const last = taken.at(-1)
    if (last && found.length > taken.length)
        headers["x-ms-continuation"] = Buffer.from(`after:${idOf(last)}`).toString("base64url")
    return { status: 200, json: taken.map(show), headers }
}

const EVERYTHING = /^\s*(\*|select\s+\*\s+from\s+(\w+))?\s*$/i

/**
 * Accepts a query for everything of `collection`: `*`, nothing, or `SELECT * FROM collection`.
 * The emulator has no query language. @throws ServiceError 400 for any other
 */
export function requireEverything(call: ServiceCall, collection: string): void {
    if (call.body.length === 0) return
    const body = jsonBody(call)
    const text = isJsonObject(body) ? (body.query ?? "") : undefined
    const match = typeof text === "string" ? EVERYTHING.exec(text) : null
    const named = match?.[2]
    if (!match || (named && named.toLowerCase() !== collection.toLowerCase()))
        throw new ServiceError(
            400,
            400000,
            `The emulator answers only "*" and "SELECT * FROM ${collection}"; filter what it returns.`
        )
}
