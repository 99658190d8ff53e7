// The service APIs of DPS and of the hubs: routes, access, errors and paged queries.
import type { Cloud } from "../../cloud.js"
import { newGuid } from "../../dps/dps-bodies.js"
import type { InjectedFault } from "../../faults/injected-fault.js"
import { HubError } from "../../hub/hub-error.js"
import type { HttpReply, HttpRequest } from "../device-api.js"
import { type ServiceAnswer, type ServiceCall, findRoute, type ServiceRoute } from "./service-call.js"
import { DPS_ROUTES } from "./dps-routes.js"
import { dpsErrorForm, type ErrorForm, hubErrorForm, ServiceError } from "./service-errors.js"
import type { Api } from "./api-of-host.js"
import { type HubCall, HUB_ROUTES } from "./hub-routes.js"

export interface ServiceApiRequest extends HttpRequest {
    /** The body as received. The body of a message may be binary. */
    bytes: Uint8Array
}

/** A service API on one host. */
interface Service<C extends ServiceCall> {
    /** The name in events. */
    name: string
    /** The host name in tokens. */
    host: string
    /** Counts the request. @returns `retry-after` in whole seconds, or 0 if the request is permitted */
    throttle: () => number
    routes: ServiceRoute<C>[]
    policies: Cloud["dpsAccess"]
    errorForm: ErrorForm
    /** Adds the fields that the routes of this service need. */
    extendCall: (call: ServiceCall) => C
}

/** Processes the request. @throws ServiceError, HubError */
async function processRequest<C extends ServiceCall>(
    cloud: Cloud,
    service: Service<C>,
    request: ServiceApiRequest,
    fault: InjectedFault | undefined
): Promise<ServiceAnswer> {
    if (fault?.status !== undefined)
        throw new ServiceError(fault.status, fault.status * 1000 + 1, "Injected fault.", fault.retryAfterSec)
    const [path, queryText = ""] = request.url.split("?")
    const { route, params } = findRoute(service.routes, request.method, path)
    const nowSec = cloud.clock.nowMs() / 1000
    const authorization = request.headers.authorization ?? ""
    const resource = `${service.host}${path}`
    if (!service.policies.allows(authorization, { resource, permission: route.permission, nowSec }))
        throw new ServiceError(401, 401002, "Unauthorized")
    const retryAfterSec = service.throttle()
    if (retryAfterSec) throw new ServiceError(429, 429001, "Too many requests.", retryAfterSec)
    const query = new URLSearchParams(queryText)
    if (!query.has("api-version")) throw new ServiceError(400, 400003, "api-version is missing.")
    const { headers, bytes } = request
    return route.handle(service.extendCall({ cloud, params, query, headers, body: bytes }))
}

/** Returns the answer or the refusal in the format of the service. */
async function serve<C extends ServiceCall>(
    cloud: Cloud,
    service: Service<C>,
    request: ServiceApiRequest,
    fault: InjectedFault | undefined
): Promise<HttpReply> {
    const headers: Record<string, string> = { "x-ms-request-id": newGuid(cloud.random) }
    let reply: HttpReply
    try {
        const answer = await processRequest(cloud, service, request, fault)
        const body = answer.json === undefined ? "" : JSON.stringify(answer.json)
        reply = { status: answer.status, headers: { ...headers, ...answer.headers }, body }
    } catch (error) {
        const refusal =
            error instanceof HubError ? new ServiceError(error.status, error.code, error.message) : error
        if (!(refusal instanceof ServiceError)) throw error
        const form = service.errorForm(refusal, cloud.random, cloud.clock.nowMs())
        reply = { status: refusal.status, headers: { ...headers, ...form.headers }, body: form.body }
        const { retryAfterSec } = refusal
        if (retryAfterSec !== undefined) reply.headers["Retry-After"] = String(retryAfterSec)
    }
    reply.headers.Date = new Date(cloud.clock.nowMs()).toUTCString()
    if (reply.body) reply.headers["Content-Type"] = "application/json; charset=utf-8"
    const detail = `${request.method} ${request.url.split("?")[0]}`
    cloud.record(service.name, { kind: "http", id: "", status: reply.status, detail })
    return reply
}

/** Returns the answer for a hub that is not linked to this DPS or does not exist. */
function noSuchHub(cloud: Cloud): HttpReply {
    const error = new ServiceError(404, 404002, "Unknown IoT hub.")
    const { headers, body } = hubErrorForm(error, cloud.random, cloud.clock.nowMs())
    headers.Date = new Date(cloud.clock.nowMs()).toUTCString()
    headers["Content-Type"] = "application/json; charset=utf-8"
    return { status: 404, headers, body }
}

/** A request to a service API, and its injected fault. */
interface AddressedRequest {
    api: Exclude<Api, { kind: "device" }>
    request: ServiceApiRequest
    fault?: InjectedFault
}

/** Serves one request to the service API of DPS or of a hub (protocol-facts.md, 7). */
export async function serveServiceApi(
    cloud: Cloud,
    { api, request, fault }: AddressedRequest
): Promise<HttpReply> {
    if (api.kind === "noHub") return noSuchHub(cloud)
    if (api.kind === "dps") {
        const service: Service<ServiceCall> = {
            name: "dps",
            host: api.host,
            throttle: () => cloud.dps.throttle.operate(),
            routes: DPS_ROUTES,
            policies: cloud.dpsAccess,
            errorForm: dpsErrorForm,
            extendCall: call => call,
        }
        return serve(cloud, service, request, fault)
    }
    const { hub } = api
    const service: Service<HubCall> = {
        name: hub.hostName,
        host: hub.hostName,
        throttle: () => 0,
        routes: HUB_ROUTES,
        policies: cloud.hubAccess(hub.hostName),
        errorForm: hubErrorForm,
        extendCall: call => ({ ...call, hub }),
    }
    const effectiveFault = hub.isAvailable || fault?.status !== undefined ? fault : { ...fault, status: 503 }
    return serve(cloud, service, request, effectiveFault)
}
