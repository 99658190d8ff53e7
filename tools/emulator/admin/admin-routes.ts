// The admin API: reads the state of the emulator, injects faults, and changes keys, clock and quotas.
import { MoorageError } from "@moorage/errors"
import * as v from "valibot"
import { newKey } from "@moorage/protocol"
import type { Cloud } from "../cloud.js"
import type { EnrollmentBase } from "../dps/enrollments.js"
import {
    CLOCK_SCHEMA,
    FAILOVER_SCHEMA,
    FAULT_RULE_SCHEMA,
    QUOTAS_SCHEMA,
    ROTATE_SCHEMA,
} from "./admin-schema.js"

/** An invalid request to the admin API. */
export class AdminError extends MoorageError {
    constructor(
        readonly status: number,
        message: string
    ) {
        super("EMULATOR_REQUEST_REJECTED", message)
    }
}

interface AdminCall {
    cloud: Cloud
    /** The parts of the path that match `:name` in the route. */
    params: string[]
    query: URLSearchParams
    body: unknown
}

type Handler = (call: AdminCall) => unknown

const ENROLLMENT_KEY_BYTES = 64

function check<T extends v.GenericSchema>(schema: T, body: unknown): v.InferOutput<T> {
    const result = v.safeParse(schema, body ?? {})
    if (result.success) return result.output
    const lines = result.issues.map(issue => `${v.getDotPath(issue) ?? "body"}: ${issue.message}`)
    throw new AdminError(400, lines.join("\n"))
}

function requireHub({ cloud, params }: AdminCall) {
    const hub = cloud.findHub(params[0])
    if (hub) return hub
    throw new AdminError(404, `Unknown hub ${params[0]}. The hubs are ${cloud.hubNames().join(", ")}.`)
}

/** Returns the hub and the device ID of a path. @throws AdminError 404 */
function requireDevice(call: AdminCall) {
    const hub = requireHub(call)
    const id = call.params[1]
    if (!hub.device(id)) throw new AdminError(404, `Unknown device ${id} on ${hub.hostName}.`)
    return { hub, id }
}

/** Reads, changes and writes an enrollment or a group. @throws AdminError 404 */
function changeEnrollment(
    call: AdminCall,
    kind: "group" | "individual",
    change: (old: EnrollmentBase) => Partial<EnrollmentBase>
) {
    const { enrollments } = call.cloud.dps
    const [id] = call.params
    if (kind === "group") {
        const old = enrollments.group(id)
        if (!old) throw new AdminError(404, `Unknown enrollment group ${id}.`)
        enrollments.putGroup({ ...old, ...change(old) })
    } else {
        const old = enrollments.individual(id)
        if (!old) throw new AdminError(404, `Unknown enrollment ${id}.`)
        enrollments.putIndividual({ ...old, ...change(old) })
    }
}

function rotateEnrollmentKey(call: AdminCall, kind: "group" | "individual") {
    const { which } = check(ROTATE_SCHEMA, call.body)
    const key = newKey(call.cloud.random, ENROLLMENT_KEY_BYTES)
    changeEnrollment(call, kind, () => (which === "primary" ? { primaryKey: key } : { secondaryKey: key }))
    return { which, key }
}

function describeState({ cloud }: AdminCall) {
    const hubs = cloud.hubNames().map(name => {
        const hub = cloud.hub(name)
        const ids = hub.deviceIds()
        const connected = ids.filter(id => hub.device(id)?.session).length
        return { hostName: name, up: hub.isAvailable, devices: ids.length, connected }
    })
    const { dps, clock, faultRules } = cloud
    return {
        idScope: dps.idScope,
        hubs,
        registrations: dps.registrationCount,
        clockSkewSec: clock.skewMs / 1000,
        faults: faultRules.list(),
    }
}

const DONE = { done: true }

/** `METHOD /path` and its handler. The answer is JSON. */
const ROUTES: [route: string, handler: Handler][] = [
    ["GET /state", describeState],
    [
        "GET /events",
        ({ cloud, query }) => {
            const sinceMs = Number(query.get("since") ?? 0)
            return cloud.history.filter(event => event.atMs >= sinceMs)
        },
    ],
    ["GET /faults", ({ cloud }) => cloud.faultRules.list()],
    ["POST /faults", ({ cloud, body }) => ({ ruleId: cloud.faultRules.add(check(FAULT_RULE_SCHEMA, body)) })],
    [
        "DELETE /faults",
        ({ cloud }) => {
            cloud.faultRules.clear()
            return DONE
        },
    ],
    [
        "DELETE /faults/:id",
        ({ cloud, params }) => {
            if (!cloud.faultRules.remove(params[0])) throw new AdminError(404, `Unknown fault ${params[0]}.`)
            return DONE
        },
    ],
    ["POST /hubs/:name/down", call => (requireHub(call).setAvailable(false), DONE)],
    ["POST /hubs/:name/up", call => (requireHub(call).setAvailable(true), DONE)],
    [
        "POST /hubs/:name/failover",
        call => (requireHub(call).failOver(check(FAILOVER_SCHEMA, call.body).forSec), DONE),
    ],
    ...(["disable", "enable"] as const).map((verb): [string, Handler] => [
        `POST /hubs/:name/devices/:id/${verb}`,
        call => {
            const { hub, id } = requireDevice(call)
            hub.setEnabled(id, verb === "enable")
            return DONE
        },
    ]),
    [
        "POST /hubs/:name/devices/:id/disconnect",
        call => {
            const { hub, id } = requireDevice(call)
            hub.disconnect(id)
            return DONE
        },
    ],
    [
        "POST /hubs/:name/devices/:id/rotate",
        call => {
            const { hub, id } = requireDevice(call)
            const { which } = check(ROTATE_SCHEMA, call.body)
            return { which, key: hub.rotateKey(id, which) }
        },
    ],
    ...(
        [
            ["enrollmentGroups", "group"],
            ["enrollments", "individual"],
        ] as const
    ).flatMap(([path, kind]): [string, Handler][] => [
        [`POST /${path}/:id/rotate`, call => rotateEnrollmentKey(call, kind)],
        [
            `POST /${path}/:id/disable`,
            call => (changeEnrollment(call, kind, () => ({ provisioningStatus: "disabled" })), DONE),
        ],
        [
            `POST /${path}/:id/enable`,
            call => (changeEnrollment(call, kind, () => ({ provisioningStatus: "enabled" })), DONE),
        ],
    ]),
    [
        "POST /clock",
        ({ cloud, body }) => {
            cloud.clock.skewMs = check(CLOCK_SCHEMA, body).skewSec * 1000
            return DONE
        },
    ],
    ["POST /quotas", ({ cloud, body }) => (cloud.setQuotas(check(QUOTAS_SCHEMA, body)), DONE)],
]

function matchPath(pattern: string, path: string): string[] | undefined {
    const parts = pattern.split("/")
    const segments = path.split("/")
    if (parts.length !== segments.length) return undefined
    const isMatch = parts.every((part, i) => part.startsWith(":") || part === segments[i])
    return isMatch ? segments.filter((_, i) => parts[i].startsWith(":")).map(decodeURIComponent) : undefined
}

/** Processes a request to the admin API and returns the JSON value of the answer. @throws AdminError */
export function handleAdminRequest(cloud: Cloud, method: string, url: string, body: unknown): unknown {
    const [path, query = ""] = url.split("?")
    for (const [route, handler] of ROUTES) {
        const [routeMethod, pattern] = route.split(" ")
        const params = routeMethod === method ? matchPath(pattern, path) : undefined
        if (params) return handler({ cloud, params, query: new URLSearchParams(query), body })
    }
    const routes = ROUTES.map(([route]) => route).join(", ")
    throw new AdminError(404, `Unknown route ${method} ${path}. The routes are: ${routes}.`)
}
