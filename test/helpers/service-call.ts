// Requests to the service APIs over a Link in memory, on a clock that tests move.
import { linkPair } from "@moorage/runtime"
import { ManualClock, seededRandom } from "@moorage/runtime"
import { acceptHttp, Cloud, type CloudOptions, type Permission } from "../../tools/emulator/index.js"
import { makeSas } from "@moorage/protocol"

export const DPS_HOST = "test.azure-devices-provisioning.net"
export const HUB_HOST = "east.azure-devices.net"
export const GROUP_KEY = Buffer.alloc(64, 5).toString("base64")
/** Opens everything, at DPS and at the hub. */
export const OWNER_KEY = Buffer.alloc(32, 1).toString("base64")
const EVERYTHING: Permission[] = [
    "EnrollmentRead",
    "EnrollmentWrite",
    "RegistrationStatusRead",
    "RegistrationStatusWrite",
    "RegistryRead",
    "RegistryWrite",
    "ServiceConnect",
]
export const OWNER = { keyName: "owner", primaryKey: OWNER_KEY, permissions: EVERYTHING }

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

export type World = ReturnType<typeof newWorld>

export interface Reply {
    status: number
    headers: Record<string, string>
    /** Taken from JSON; undefined when there was no body. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    body: any
}

export interface Call {
    host?: string
    /** `GET /devices/d`; `api-version` is added. */
    what: string
    body?: unknown
    /** In place of a body in JSON: bytes as they are. */
    raw?: string
    headers?: Record<string, string>
    /** In place of the owner's. */
    authorization?: string
    /** How long the clock may run until the answer. */
    withinMs?: number
}

export function sas(
    world: World,
    resource: string,
    key = OWNER_KEY,
    policy = "owner",
    lifeSec = 3600
): string {
    return makeSas(key, resource, Math.floor(world.clock.nowMs() / 1000) + lifeSec, policy)
}

function parse(text: string): Reply {
    const [head, body] = text.split("\r\n\r\n")
    const [first, ...lines] = head.split("\r\n")
    const headers = Object.fromEntries(
        lines.map(line => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)])
    )
    return { status: Number(first.split(" ")[1]), headers, body: body ? JSON.parse(body) : undefined }
}

/** Runs what waits: promises, and the clock in steps of 50 ms. */
export async function settle({ clock }: World, done: () => boolean, withinMs = 0): Promise<void> {
    for (let ms = 0; ; ms += 50) {
        for (let i = 0; i < 20 && !done(); i++) await Promise.resolve()
        if (done() || ms > withinMs) return
        clock.advance(ms === 0 ? 0 : 50)
    }
}

/** Sends a request; gives the raw text that came back so far. */
export function send(world: World, call: Call): () => string {
    const host = call.host ?? DPS_HOST
    const [method, path] = call.what.split(" ")
    const body = call.raw ?? (call.body === undefined ? "" : JSON.stringify(call.body))
    const url = path.includes("?") ? path : `${path}?api-version=2021-10-01`
    const headers = {
        Host: host,
        Authorization: call.authorization ?? sas(world, host),
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

/** One request and its answer. @throws Error when none came */
export async function ask(world: World, call: Call): Promise<Reply> {
    const received = send(world, call)
    await settle(world, () => received().includes("\r\n\r\n"), call.withinMs ?? 100)
    if (!received()) throw new Error(`no answer to ${call.what}`)
    return parse(received())
}

/** The same, to the hub. */
export const askHub = (world: World, call: Call) => ask(world, { host: HUB_HOST, ...call })
