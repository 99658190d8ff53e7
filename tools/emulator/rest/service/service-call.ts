import type { Permission } from "../../auth/access-policies.js"
import type { Cloud } from "../../cloud.js"
import { isJsonObject, type JsonObject } from "../../util/json-object.js"
import { ServiceError } from "./service-errors.js"

/** One request to a service API after its path was matched. */
export interface ServiceCall {
    cloud: Cloud
    /** The decoded parts of the path that match `:name` in the route. */
    params: string[]
    query: URLSearchParams
    /** Names in lower case. */
    headers: Record<string, string>
    body: Uint8Array
}

export interface ServiceAnswer {
    status: number
    /** The body as a JSON value. Undefined is no body. */
    json?: unknown
    headers?: Record<string, string>
}

export interface ServiceRoute<C extends ServiceCall = ServiceCall> {
    method: string
    /** Segments of the path, compared without case. `:name` matches any segment. */
    path: string
    permission: Permission
    handle: (call: C) => ServiceAnswer | Promise<ServiceAnswer>
}

const NO_CONTENT: ServiceAnswer = { status: 204 }

/** Returns an answer without a body. */
export const noContentAnswer = () => NO_CONTENT

/** Returns the body as a JSON value. @throws ServiceError 400 */
export function jsonBody(call: ServiceCall): unknown {
    try {
        return JSON.parse(Buffer.from(call.body).toString())
    } catch {
        throw new ServiceError(400, 400004, "The body is not valid JSON.")
    }
}

/** Returns the body as a JSON object. @throws ServiceError 400 */
export function objectBody(call: ServiceCall): JsonObject {
    const body = jsonBody(call)
    if (!isJsonObject(body)) throw new ServiceError(400, 400004, "The body must be a JSON object.")
    return body
}

function matchPath(pattern: string, segments: string[]): string[] | undefined {
    const parts = pattern.split("/").slice(1)
    if (parts.length !== segments.length) return undefined
    const params: string[] = []
    for (const [i, part] of parts.entries()) {
        if (part.startsWith(":")) params.push(segments[i])
        else if (part.toLowerCase() !== segments[i].toLowerCase()) return undefined
    }
    return params
}

/**
 * Returns the route for a method and a path. Case and a closing slash are ignored, because the SDKs differ in them.
 * @throws ServiceError 400 if the path is malformed, 404 if it is unknown, 405 if it has no such method
 */
export function findRoute<C extends ServiceCall>(
    routes: ServiceRoute<C>[],
    method: string,
    path: string
): { route: ServiceRoute<C>; params: string[] } {
    let segments: string[]
    try {
        segments = path.split("/").filter(Boolean).map(decodeURIComponent)
    } catch {
        throw new ServiceError(400, 400000, "The path is malformed.")
    }
    let isPathKnown = false
    for (const route of routes) {
        const params = matchPath(route.path, segments)
        if (params && route.method === method) return { route, params }
        isPathKnown ||= params !== undefined
    }
    if (isPathKnown) throw new ServiceError(405, 405000, `${method} is not allowed here.`)
    throw new ServiceError(404, 404000, "No such resource.")
}

/** Returns an ETag without its quotes. The SDKs send it with and without quotes. */
function unquote(text: string): string {
    return text.trim().replace(/^"(.*)"$/, "$1")
}

/** Checks the header If-Match. @throws ServiceError 412 if it is present and is neither `*` nor `etag` */
export function requireMatch(headers: Record<string, string>, etag: string): void {
    const ifMatch = headers["if-match"]
    if (ifMatch === undefined || unquote(ifMatch) === "*" || unquote(ifMatch) === etag) return
    throw new ServiceError(412, 412001, "If-Match differs from the ETag of the resource.")
}

/** Returns the header ETag. */
export function etagHeader(etag: string): Record<string, string> {
    return { ETag: `"${etag}"` }
}
