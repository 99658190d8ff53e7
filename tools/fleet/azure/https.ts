// Sends HTTPS requests. With the option `connect`, all connections go to that address. SNI and the Host header still
// contain the name of the real service, so an emulator sees the same request as Azure.
import { Agent, type RequestOptions, request as openRequest } from "node:https"
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import type { Clock } from "@moorage/runtime"
import type { HostAddress } from "./connection-profile.js"
import { CloudError } from "./cloud-errors.js"

export interface HttpsOptions {
    clock: Clock
    connect?: HostAddress
    /** PEM, instead of the CAs that Node trusts. */
    ca?: string
}

export interface HttpsRequest {
    hostName: string
    method: string
    path: string
    headers: Record<string, string>
    body?: string
    /** Limit from the first byte of the request to the last byte of the response. */
    timeoutMs: number
}

export interface HttpsResponse {
    status: number
    headers: IncomingHttpHeaders
    body: string
}

/** A page of 1,000 registrations has about 0.5 MB. */
const BODY_MAX_BYTES = 32 * 1024 * 1024
const SOCKETS_MAX = 64
const HTTPS_PORT = 443

/** Explanations of system errors, by error code. */
export const SYSTEM_ERROR_TEXTS: Record<string, string> = {
    ECONNREFUSED: "the connection was refused",
    ENOTFOUND: "the host name is unknown",
    EAI_AGAIN: "the host name cannot be resolved at the moment",
    EHOSTUNREACH: "there is no route to the host",
    ENETUNREACH: "there is no network",
    ETIMEDOUT: "the host does not answer",
    ECONNRESET: "the connection broke",
    EPIPE: "the connection broke",
}

/** Error codes of OpenSSL and Node for a failed handshake or an invalid certificate. */
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/

export class Https {
    private readonly agent: Agent

    constructor(private readonly options: HttpsOptions) {
        this.agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX, ca: options.ca })
    }

    /**
     * Sends a request and returns the response, whatever its status.
     * @throws CloudError unreachable, tls, timeout or malformed; the reason of the aborted signal
     */
    async send(request: HttpsRequest, signal?: AbortSignal): Promise<HttpsResponse> {
        signal?.throwIfAborted()
        try {
            return await this.exchange(request, signal)
        } catch (error) {
            if (signal?.aborted) throw signal.reason
            throw error instanceof CloudError ? error : this.toCloudError(request.hostName, error as Error)
        }
    }

    /** Closes all connections. */
    close(): void {
        this.agent.destroy()
    }

    private exchange(request: HttpsRequest, signal: AbortSignal | undefined): Promise<HttpsResponse> {
        const { hostName, method, path, body, timeoutMs } = request
        const { host, port } = this.options.connect ?? { host: hostName, port: HTTPS_PORT }
        const headers: Record<string, string> = { ...request.headers, Host: hostName }
        headers["Content-Length"] = String(Buffer.byteLength(body ?? ""))
        const options: RequestOptions = { agent: this.agent, host, port, servername: hostName, method, path }
        return new Promise((resolve, reject) => {
            const sent = openRequest({ ...options, headers, signal }, response => {
                readBody(response)
                    .then(text =>
                        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
                    )
                    .catch(reject)
            })
            const timer = this.options.clock.after(timeoutMs, () =>
                sent.destroy(
                    new CloudError("timeout", `${hostName} did not answer within ${timeoutMs / 1000} s.`)
                )
            )
            sent.on("error", reject)
            sent.on("close", () => timer.cancel())
            sent.end(body)
        })
    }

    private toCloudError(hostName: string, error: Error): CloudError {
        const { connect, ca } = this.options
        const { code = "" } = error as NodeJS.ErrnoException
        if (TLS_CODE.test(code)) {
            const cure = ca
                ? "Check the CA file: it is not the CA of this service. An emulator creates a new CA at each start."
                : "Set the CA file of the service with --ca or in the profile."
            const problem = `The certificate of ${hostName} is not trusted: ${error.message.split("\n")[0]}.`
            return new CloudError("tls", problem, { cure, cause: error })
        }
        const target = connect ? `${hostName} at ${connect.host}:${connect.port}` : hostName
        const cure = connect
            ? "Check that the emulator is running at this address."
            : "Check the name, and that this network allows outgoing TCP connections to port 443."
        const problem = `Cannot reach ${target}: ${SYSTEM_ERROR_TEXTS[code] ?? error.message}.`
        return new CloudError("unreachable", problem, { cure, cause: error })
    }
}

/** Returns the whole body. @throws CloudError malformed if it is too long; Error if the connection breaks */
async function readBody(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes > BODY_MAX_BYTES)
            throw new CloudError(
                "malformed",
                `A response is longer than ${BODY_MAX_BYTES / 1024 / 1024} MB. Query less, for example: SELECT deviceId FROM devices.`
            )
        chunks.push(chunk)
    }
    if (!response.complete) throw Object.assign(new Error("incomplete response"), { code: "ECONNRESET" })
    return Buffer.concat(chunks).toString()
}
