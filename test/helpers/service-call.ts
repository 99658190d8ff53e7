// Requests to the service APIs over a link in memory, on a manual clock.
import { linkPair, ManualClock, seededRandom } from "@moorage/runtime"
import { acceptHttp, Cloud, type CloudOptions, type Permission } from "../../tools/emulator/index.js"
import { makeSasToken } from "@moorage/protocol"

export const DPS_HOST = "test.azure-devices-provisioning.net"
export const HUB_HOST = "east.azure-devices.net"
export const GROUP_KEY = Buffer.alloc(64, 5).toString("base64")
/** The key of a policy with all permissions, at DPS and at the hub. */
export const OWNER_KEY = Buffer.alloc(32, 1).toString("base64")
const ALL_PERMISSIONS: Permission[] = [
    "EnrollmentRead",
    "EnrollmentWrite",
    "RegistrationStatusRead",
    "RegistrationStatusWrite",
    "RegistryRead",
    "RegistryWrite",
    "ServiceConnect",
]
export const OWNER = { keyName: "owner", primaryKey: OWNER_KEY, permissions: ALL_PERMISSIONS }

export function newWorld(options: Partial<CloudOptions> = {}) {
    const clock = new ManualClock()
    const cloud = new Cloud({
        clock,
        random: seededRandom(7),
        idScope: "0ne00TEST01",
        hubs: [{ hostName: HUB_HOST, policies: [OWNER] }],
        dpsPolicies: [OWNER],
        enrollmentGroups: [{ enrollmentGroupId: "g", primaryKey: GROUP_KEY }],
        ...options,
    })
    return { clock, cloud }
}

export type ServiceWorld = ReturnType<typeof newWorld>

export interface ServiceReply {
    status: number
    headers: Record<string, string>
    /** The JSON value. Undefined if there is no body. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    body: any
}

export interface ServiceRequest {
    host?: string
    /** For example `GET /devices/d`. `api-version` is added. */
    route: string
    body?: unknown
    /** Replaces the JSON body. */
    raw?: string
    headers?: Record<string, string>
    /** Replaces the token of the owner. */
    authorization?: string
    /** The time within which the answer must come. */
    withinMs?: number
}

export function serviceToken(
    world: ServiceWorld,
    resource: string,
    key = OWNER_KEY,
    policy = "owner",
    lifeSec = 3600
): string {
    return makeSasToken(key, resource, Math.floor(world.clock.nowMs() / 1000) + lifeSec, policy)
}

function parse(text: string): ServiceReply {
    const [head, body] = text.split("\r\n\r\n")
    const [first, ...lines] = head.split("\r\n")
    const headers = Object.fromEntries(
        lines.map(line => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)])
    )
    return { status: Number(first.split(" ")[1]), headers, body: body ? JSON.parse(body) : undefined }
}

/** Resolves promises and advances the clock in steps of 50 ms until `done()`. */
export async function settle({ clock }: ServiceWorld, done: () => boolean, withinMs = 0): Promise<void> {
    for (let ms = 0; ; ms += 50) {
        for (let i = 0; i < 20 && !done(); i++) await Promise.resolve()
        if (done() || ms > withinMs) return
        clock.advance(ms === 0 ? 0 : 50)
    }
}

/** Sends a request. Returns a function that returns the received text. */
export function send(world: ServiceWorld, call: ServiceRequest): () => string {
    const host = call.host ?? DPS_HOST
    const [method, path] = call.route.split(" ")
    const body = call.raw ?? (call.body === undefined ? "" : JSON.stringify(call.body))
    const url = path.includes("?") ? path : `${path}?api-version=2021-10-01`
    const headers = {
        Host: host,
        Authorization: call.authorization ?? serviceToken(world, host),
        "Content-Length": String(Buffer.byteLength(body)),
        ...call.headers,
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const [mine, theirs] = linkPair(world.clock)
    let text = ""
    mine.listen({ data: bytes => void (text += Buffer.from(bytes).toString()), closed: () => undefined })
    acceptHttp(world.cloud, theirs)
    mine.send(Buffer.from(`${method} ${url} HTTP/1.1\r\n${lines.join("")}\r\n${body}`))
    return () => text
}

/** Sends a request to DPS and returns the answer. @throws Error if no answer comes */
export async function callService(world: ServiceWorld, call: ServiceRequest): Promise<ServiceReply> {
    const received = send(world, call)
    await settle(world, () => received().includes("\r\n\r\n"), call.withinMs ?? 100)
    if (!received()) throw new Error(`no answer to ${call.route}`)
    return parse(received())
}

/** Sends a request to the hub and returns the answer. @throws Error if no answer comes */
export const callHub = (world: ServiceWorld, call: ServiceRequest) =>
    callService(world, { host: HUB_HOST, ...call })
