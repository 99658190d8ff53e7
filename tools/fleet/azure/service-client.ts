// The service API of one host: signs each request, limits the rate, and retries failed calls.
import type { Clock, Random } from "@moorage/runtime"
import { backoffCeilingMs, uniformMs } from "@moorage/device/shared"
import type { ServiceAccess } from "./service-access.js"
import { CloudError } from "./cloud-errors.js"
import type { Https, HttpsResponse } from "./https.js"
import { type RateLimiter, wait } from "./rate-limiter.js"
import { errorFromResponse } from "./response-errors.js"

export interface ServiceClientOptions {
    clock: Clock
    random: Random
    https: Https
    rateLimiter: RateLimiter
    /** Maximum time for the retries of a failed call. */
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
/** Backoff after a call without response, after a 429 without `retry-after`, and after a 5xx without `retry-after`. */
const NO_RESPONSE_BACKOFF = { baseMs: 500, capMs: 20_000 }
const THROTTLED_BACKOFF = { baseMs: 1000, capMs: 60_000 }
const UNAVAILABLE_BACKOFF = { baseMs: 1000, capMs: 60_000 }
/** Spreads the retries of clients that received the same `retry-after`. */
const RETRY_AFTER_JITTER_MS = 1000
/** The device did not respond to the hub in time. A retry would have the same result. */
const DEVICE_TIMEOUT_CODE = 504101

export class ServiceClient {
    /** Requests sent, including retries. */
    calls = 0
    /** Requests answered with 429. */
    throttled = 0

    constructor(
        readonly access: ServiceAccess,
        private readonly options: ServiceClientOptions
    ) {}

    /**
     * Sends a request and retries it after a transient failure.
     * @returns a response with a status of 2xx
     * @throws CloudError; the reason of the aborted signal
     */
    async send(request: ServiceRequest): Promise<HttpsResponse> {
        const { clock, rateLimiter, signal, giveUpAfterSec } = this.options
        let firstFailureMs: number | undefined
        for (let failures = 0; ; failures++) {
            await rateLimiter.acquire(signal)
            const outcome = await this.sendOnce(request)
            if (!(outcome instanceof CloudError)) return outcome
            const delayMs = this.retryDelayMs(outcome, failures)
            firstFailureMs ??= clock.nowMs()
            if (delayMs === undefined || clock.nowMs() + delayMs - firstFailureMs > giveUpAfterSec * 1000)
                throw outcome
            // The limit of the service applies to all callers of this client.
            if (outcome.kind === "throttled") rateLimiter.pauseFor(delayMs)
            await wait(clock, delayMs, signal)
        }
    }

    private async sendOnce(request: ServiceRequest): Promise<HttpsResponse | CloudError> {
        const { clock, https, signal } = this.options
        const { access } = this
        const { method, path, apiVersion, json, timeoutMs = TIMEOUT_MS } = request
        const headers: Record<string, string> = {
            Authorization: access.authorization(clock.nowMs()),
            Accept: "application/json",
            ...request.headers,
        }
        if (json !== undefined) headers["Content-Type"] = "application/json; charset=utf-8"
        const body = json === undefined ? undefined : JSON.stringify(json)
        const url = `${path}?api-version=${apiVersion}`
        this.calls++
        try {
            const { hostName } = access
            const response = await https.send(
                { hostName, method, path: url, headers, body, timeoutMs },
                signal
            )
            if (response.status >= 200 && response.status < 300) return response
            if (response.status === 429) this.throttled++
            return errorFromResponse(response, access, clock.nowMs())
        } catch (error) {
            if (error instanceof CloudError) return error
            throw error
        }
    }

    /** Returns the wait before the next try, or undefined if the call must not be retried. */
    private retryDelayMs(
        { kind, serviceCode, retryAfterSec }: CloudError,
        failures: number
    ): number | undefined {
        const random = this.options.random.next()
        if ((kind === "throttled" || kind === "unavailable") && retryAfterSec !== undefined)
            return retryAfterSec * 1000 + uniformMs(1, RETRY_AFTER_JITTER_MS, random)
        const backoffMs = ({ baseMs, capMs }: typeof NO_RESPONSE_BACKOFF) =>
            uniformMs(baseMs / 2, backoffCeilingMs(failures, baseMs, capMs), random)
        switch (kind) {
            case "throttled":
                return backoffMs(THROTTLED_BACKOFF)
            case "unavailable":
                return serviceCode === DEVICE_TIMEOUT_CODE ? undefined : backoffMs(UNAVAILABLE_BACKOFF)
            case "unreachable":
            case "timeout":
                return backoffMs(NO_RESPONSE_BACKOFF)
            default:
                return undefined
        }
    }
}

/** Returns the body of a response as JSON. @throws CloudError malformed */
export function parseJson({ body }: HttpsResponse, hostName: string): unknown {
    try {
        return JSON.parse(body)
    } catch (error) {
        const cure = "Check that the host is a DPS instance or an IoT hub."
        throw new CloudError("malformed", `The response of ${hostName} is not JSON.`, { cure, cause: error })
    }
}

/** Returns the result of a call, or undefined if the service answered 404. @throws CloudError */
export async function ignoreNotFound<T>(call: Promise<T>): Promise<T | undefined> {
    try {
        return await call
    } catch (error) {
        if (error instanceof CloudError && error.kind === "notFound") return undefined
        throw error
    }
}

/** Yields the result of a query page by page. Only one page is in memory. @throws CloudError */
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
        const response = await client.send({ method: "POST", path, apiVersion, headers, json: { query } })
        const page = parseJson(response, hostName)
        if (!Array.isArray(page))
            throw new CloudError("malformed", `The response of ${hostName} to a query is not a list.`)
        yield page.filter(item => typeof item === "object" && item !== null) as Record<string, unknown>[]
        const next = response.headers["x-ms-continuation"] as string | undefined
        if (next !== undefined && next === continuation)
            throw new CloudError("malformed", `${hostName} returns the same page of a query again.`)
        continuation = next || undefined
    } while (continuation !== undefined)
}
