import { parseSasToken } from "../auth/sas-verification.js"
import type { Cloud } from "../cloud.js"
import { type DpsResponse, errorResponse, newGuid } from "../dps/dps-bodies.js"
import type { InjectedFault, FaultPoint } from "../faults/injected-fault.js"

export interface HttpRequest {
    method: string
    /** Path and query. */
    url: string
    /** Names in lower case. */
    headers: Record<string, string>
    body: string
}

export interface HttpReply {
    status: number
    headers: Record<string, string>
    body: string
}

type DeviceApiOperation = { kind: "register" | "lookup" } | { kind: "poll"; operationId: string }

interface DeviceApiRoute {
    idScope: string
    registrationId: string
    operation: DeviceApiOperation
}

function isDecodable(path: string): boolean {
    try {
        decodeURIComponent(path)
        return true
    } catch {
        return false
    }
}

/** Returns the route of a request to the DPS device API. Case is ignored, as in the service (protocol-facts.md, 2). */
function matchRoute(method: string, path: string): DeviceApiRoute | undefined {
    const match =
        isDecodable(path) &&
        /^\/([^/]+)\/registrations\/([^/]+)(?:\/(register|operations\/([^/]+)))?\/?$/i.exec(path)
    if (!match) return undefined
    const [, idScope, registrationId, tail, operationId] = match
    const found = (operation: DeviceApiOperation) => ({
        idScope,
        registrationId: decodeURIComponent(registrationId).toLowerCase(),
        operation,
    })
    if (method === "POST" && !tail) return found({ kind: "lookup" })
    if (method === "PUT" && tail?.toLowerCase() === "register") return found({ kind: "register" })
    if (method === "GET" && operationId)
        return found({ kind: "poll", operationId: decodeURIComponent(operationId) })
    return undefined
}

function processRequest(cloud: Cloud, request: HttpRequest, fault: InjectedFault | undefined): DpsResponse {
    const { dps, random, clock } = cloud
    const refuse = (status: number, code: number, message: string) =>
        errorResponse({ status, code, message }, random, clock.nowMs())
    const url = new URL(request.url, "https://dps")
    const at = matchRoute(request.method, url.pathname)
    if (!at) return refuse(404, 404000, "No such resource.")
    if (!url.searchParams.has("api-version")) return refuse(400, 400003, "api-version is missing.")
    if (at.idScope !== dps.idScope) return refuse(401, 401002, "Unauthorized")
    const caller = {
        registrationId: at.registrationId,
        token: parseSasToken(request.headers.authorization ?? ""),
    }
    switch (at.operation.kind) {
        case "register":
            return dps.register(caller, request.body, fault)
        case "lookup":
            return dps.lookup(caller, fault)
        case "poll":
            return dps.poll(caller, at.operation.operationId, fault)
    }
}

/** Returns the fault point of a request to the DPS device API. */
export function deviceApiFaultPoint(request: HttpRequest): FaultPoint {
    const at = matchRoute(request.method, request.url.split("?")[0])
    return { kind: at?.operation.kind ?? "other", service: "dps", id: at?.registrationId ?? "" }
}

/**
 * Serves one request to the DPS device API. Every answer has the header `Date`, because devices without a clock set their
 * clock from it.
 */
export function serveDeviceApi(cloud: Cloud, request: HttpRequest, fault?: InjectedFault): HttpReply {
    let response: DpsResponse
    try {
        response = processRequest(cloud, request, fault)
    } catch (error) {
        if (!(error instanceof URIError || error instanceof TypeError)) throw error
        const malformed = { status: 400, code: 400000, message: "The request is malformed." }
        response = errorResponse(malformed, cloud.random, cloud.clock.nowMs())
    }
    cloud.record("dps", {
        kind: "http",
        id: deviceApiFaultPoint(request).id,
        status: response.status,
        detail: `${request.method} ${request.url.split("?")[0]}`,
    })
    const headers: Record<string, string> = {
        Date: new Date(cloud.clock.nowMs()).toUTCString(),
        "Content-Type": "application/json; charset=utf-8",
        "x-ms-request-id": newGuid(cloud.random),
    }
    if (response.retryAfterSec !== undefined) headers["Retry-After"] = String(response.retryAfterSec)
    if (response.status === 202)
        headers.Location = `https://${request.headers.host ?? ""}${request.url.split("?")[0]}`
    return { status: response.status, headers, body: response.body }
}
