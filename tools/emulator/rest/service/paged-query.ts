import { isJsonObject } from "../../util/json-object.js"
import { type ServiceAnswer, type ServiceCall, jsonBody } from "./service-call.js"
import { ServiceError } from "./service-errors.js"

const PAGE_DEFAULT = 100
const PAGE_MAX = 1000

function pageSize(headers: Record<string, string>): number {
    const text = headers["x-ms-max-item-count"]
    if (text === undefined || text === "") return PAGE_DEFAULT
    if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
        throw new ServiceError(400, 400000, "x-ms-max-item-count must be an integer of at least 1.")
    return Math.min(Number(text), PAGE_MAX)
}

/** Returns the last ID of the previous page. The continuation token contains this ID, so that deletions do not shift pages. */
function lastId(headers: Record<string, string>): string | undefined {
    const token = headers["x-ms-continuation"]
    if (!token) return undefined
    const text = Buffer.from(token, "base64url").toString()
    if (!text.startsWith("after:")) throw new ServiceError(400, 400000, "x-ms-continuation is malformed.")
    return text.slice("after:".length)
}

/** A list that a client reads page by page. */
interface PagedList<T> {
    /** `x-ms-item-type`. */
    itemType: string
    /** Returns up to `count` items in the order of their IDs, from the first after `id`. */
    itemsAfter: (id: string | undefined, count: number) => T[]
    idOf: (item: T) => string
    toJson: (item: T) => unknown
}

/** Returns the requested page. The last page has no header `x-ms-continuation`. @throws ServiceError 400 */
export function pageAnswer<T>(call: ServiceCall, list: PagedList<T>): ServiceAnswer {
    const { itemType, itemsAfter, idOf, toJson } = list
    const size = pageSize(call.headers)
    const found = itemsAfter(lastId(call.headers), size + 1)
    const items = found.slice(0, size)
    const headers: Record<string, string> = {
        "x-ms-item-type": itemType,
        "x-ms-max-item-count": String(size),
    }
    const last = items.at(-1)
    if (last && found.length > items.length)
        headers["x-ms-continuation"] = Buffer.from(`after:${idOf(last)}`).toString("base64url")
    return { status: 200, json: items.map(toJson), headers }
}

const QUERY_FOR_ALL = /^\s*(\*|select\s+\*\s+from\s+(\w+))?\s*$/i

/**
 * Accepts a query for all items of `collection`: an empty query, `*`, or `SELECT * FROM collection`. The emulator has no
 * query language.
 * @throws ServiceError 400 for any other query
 */
export function requireQueryForAll(call: ServiceCall, collection: string): void {
    if (call.body.length === 0) return
    const body = jsonBody(call)
    const text = isJsonObject(body) ? (body.query ?? "") : undefined
    const match = typeof text === "string" ? QUERY_FOR_ALL.exec(text) : null
    const queried = match?.[2]
    if (!match || (queried && queried.toLowerCase() !== collection.toLowerCase()))
        throw new ServiceError(
            400,
            400000,
            `The emulator supports only the queries "*" and "SELECT * FROM ${collection}". Filter the results.`
        )
}
