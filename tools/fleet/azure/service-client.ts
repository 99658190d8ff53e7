// The service API of one host: signs, keeps the pace, and tries again what may be tried again.
import type { Clock, Random } from "@moorage/runtime"
import { backoffCeilingMs, uniformMs } from "@moorage/device/shared"
import type { ServiceAccess } from "./service-access.js"
import { CloudError } from "./cloud-errors.js"
import type { Https, HttpsAnswer } from "./https.js"
import type { RateLimiter } from "./rate-limiter.js"
import { errorFromResponse } from "./response-errors.js"
import { wait } from "./wait.js"

export interface ClientOptions {
    clock: Clock
    random: Random
    https: Https
    pace: RateLimiter
    /** For how long a call that fails is tried again. */
    giveUpAfterSec: number
    signal?: AbortSignal
}

export interface ServiceRequest {
    method: string
    /** Without `api-version`. */
    path: string
    apiVersion: string
    headers?: Record<string, string>
    json?: unknown
    timeoutMs?: number
}

const TIMEOUT_MS = 60_000
/** Waits of a call that failed without an answer; of one that was throttled without retry-after; of a 5xx. */
const NETWORK = { baseMs: 500, capMs: 20_000 }
const THROTTLED = { baseMs: 1000, capMs: 60_000 }
const FAULT = { baseMs: 1000, capMs: 60_000 }
/** What many clients that were told the same retry-after spread themselves over. */
const SPREAD_MS = 1000

export class ServiceClient {
    /** Requests sent, those that were tried again included. */
    calls = 0
    /** Of these, answered 429. */
    throttled = 0

    constructor(
        readonly access: ServiceAccess,
        private readonly options: ClientOptions
    ) {}

    /** @returns an answer 2xx @throws CloudError; what the signal was aborted with */
    async send(asked: ServiceRequest): Promise<HttpsAnswer> {
        const { clock, pace, signal, giveUpAfterSec } = this.options
        let firstFailureMs: number | undefined
        for (let failures = 0; ; failures++) {
            await pace.acquire(signal)
            const outcome = await this.once(asked)
            if (!(outcome instanceof CloudError)) return outcome
            const waitMs = this.waitMs(outcome, failures)
            firstFailureMs ??= clock.nowMs()
            if (waitMs === undefined || clock.nowMs() + waitMs - firstFailureMs > giveUpAfterSec * 1000)
                throw outcome
            // The others who use this service wait too: it has said that it is too much.
            if (outcome.kind === "throttled") pace.pauseFor(waitMs)
            await wait(clock, waitMs, signal)
        }
    }

    private async once(asked: ServiceRequest): Promise<HttpsAnswer | CloudError> {
        const { clock, https, signal } = this.options
        const { access } = this
        const { method, path, apiVersion, json, timeoutMs = TIMEOUT_MS } = asked
        const headers: Record<string, string> = {
            Authorization: access.authorization(clock.nowMs()),
            Accept: "application/json",
            ...asked.headers,
        }
        if (json !== undefined) headers["Content-Type"] = "application/json; charset=utf-8"
        const body = json === undefined ? undefined : JSON.stringify(json)
        const url = `${path}?api-version=${apiVersion}`
        this.calls++
        try {
            const request = { hostName: access.hostName, method, path: url, headers, body, timeoutMs }
            const answer = await https.ask(request, signal)
            if (answer.status >= 200 && answer.status < 300) return answer
            if (answer.status === 429) this.throttled++
            return errorFromResponse(answer, access, clock.nowMs())
        } catch (error) {
            if (error instanceof CloudError) return error
            throw error
        }
    }

    /** How long to wait before the next try; undefined when it would come to the same. */
    private waitMs({ kind, code, retryAfterSec }: CloudError, failures: number): number | undefined {
        const random = this.options.random.next()
        if ((kind === "throttled" || kind === "unavailable") && retryAfterSec !== undefined)
            return retryAfterSec * 1000 + uniformMs(1, SPREAD_MS, random)
        const backoff = ({ baseMs, capMs }: typeof NETWORK) =>
            uniformMs(baseMs / 2, backoffCeilingMs(failures, baseMs, capMs), random)
        if (kind === "throttled") return backoff(THROTTLED)
        // 504101 is a device that does not answer, not the hub.
        if (kind === "unavailable") return code === 504101 ? undefined : backoff(FAULT)
        return kind === "unreachable" || kind === "late" ? backoff(NETWORK) : undefined
    }
}

/** The body as JSON. @throws CloudError malformed */
export function parseJson({ body }: HttpsAnswer, hostName: string): unknown {
    try {
        return JSON.parse(body)
    } catch (error) {
        const cure = "Is that a DPS or an IoT hub?"
        throw new CloudError("malformed", `What ${hostName} answers is not JSON.`, { cure, cause: error })
    }
}

/** What is asked for, or undefined when the service does not know it. @throws CloudError */
export async function ignoreNotFound<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
        return await answer
    } catch (error) {
        if (error instanceof CloudError && error.kind === "notFound") return undefined
        throw error
    }
}

/** A query's answer, page by page: no more than one page is held. @throws CloudError */
export async function* queryPages(
    client: ServiceClient,
    { path, apiVersion, query }: { path: string; apiVersion: string; query: string },
    pageMax: number
): AsyncGenerator<Record<string, unknown>[]> {
    const { hostName } = client.access
    let continuation: string | undefined
    do {
        const headers: Record<string, string> = { "x-ms-max-item-count": String(pageMax) }
        if (continuation !== undefined) headers["x-ms-continuation"] = continuation
        const answer = await client.send({ method: "POST", path, apiVersion, headers, json: { query } })
        const page = parseJson(answer, hostName)
        if (!Array.isArray(page))
            throw new CloudError("malformed", `What ${hostName} answers to a query is not a list.`)
        yield page.filter(item => typeof item === "object" && item !== null) as Record<string, unknown>[]
        const next = answer.headers["x-ms-continuation"] as string | undefined
        if (next !== undefined && next === continuation)
            throw new CloudError("malformed", `${hostName} gives the same page again and again.`)
        continuation = next || undefined
    } while (continuation !== undefined)
}
