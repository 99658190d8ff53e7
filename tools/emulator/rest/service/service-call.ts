import type { Permission } from "../../auth/access-policies.js"
import type { Cloud } from "../../cloud.js"
import { isJsonObject, type JsonObject } from "../../util/json-object.js"
import { ServiceError } from "./service-errors.js"

/** One request to a service API, its path already matched. */
export interface ServiceCall {
    cloud: Cloud
    /** What the path has where the route has `:name`, decoded. */
    params: string[]
    query: URLSearchParams
    /** Names in lower case. */
    headers: Record<string, string>
    body: Uint8Array
}

export interface ServiceAnswer {
    status: number
    /** Sent as JSON; none when undefined. */
    json?: unknown
    headers?: Record<string, string>
}

export interface ServiceRoute<C extends ServiceCall = ServiceCall> {
    method: string
    /** Segments, letters' case aside; `:name` takes any one. */
    path: string
    permission: Permission
    handle: (call: C) => ServiceAnswer | Promise<ServiceAnswer>
}

const NO_CONTENT: ServiceAnswer = { status: 204 }

export const noContentAnswer = () => NO_CONTENT

/** The body as JSON. @throws ServiceError 400 */
export function jsonBody(call: ServiceCall): unknown {
    try {
        return JSON.parse(Buffer.from(call.body).toString())
    } catch {
        throw new ServiceError(400, 400004, "The body is not valid JSON.")
    }
}

/** The body as a JSON object. @throws ServiceError 400 */
export function objectBody(call: ServiceCall): JsonObject {
    const body = jsonBody(call)
    if (!isJsonObject(body)) throw new ServiceError(400, 400004, "The body is not a JSON object.")
    return body
}

function matchPath(pattern: string, segments: string[]): string[] | undefined {
    const wanted = pattern.split("/").slice(1)
    if (wanted.length !== segments.length) return undefined
    const params: string[] = []
    for (const [i, part] of wanted.entries()) {
        if (part.startsWith(":")) params.push(segments[i])
        else if (part.toLowerCase() !== segments[i].toLowerCase()) return undefined
    }
    return params
}

/**
 * The route of a method and a path; the SDKs write the same path with and without capitals and closing slash.
 * @throws ServiceError 400 when the path is malformed, 404, or 405 when only the method is wrong
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
    let known = false
    for (const route of routes) {
        const params = matchPath(route.path, segments)
        if (params && route.method === method) return { route, params }
        known ||= params !== undefined
    }
    if (known) throw new ServiceError(405, 405000, `${method} is not allowed here.`)
    throw new ServiceError(404, 404000, "No such resource.")
}

/** An ETag without its quotes: the SDKs send it both ways. */
function bare(text: string): string {
    return text.trim().replace(/^"(.*)"$/, "$1")
}

/** @throws ServiceError 412 when If-Match is given and is neither `*` nor `etag` */
export function requireMatch(headers: Record<string, string>, etag: string): void {
    const wanted = headers["if-match"]
    if (wanted === undefined || bare(wanted) === "*" || bare(wanted) === etag) return
    throw new ServiceError(412, 412001, "ETag is invalid: If-Match is not the one of the resource.")
}

/** As the header has it. */
export function etagHeader(etag: string): Record<string, string> {
    return { ETag: `"${etag}"` }
}
