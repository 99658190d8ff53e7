// One HTTPS request and its answer. Where `connect` is given every connection goes there, with the real service's
// name in SNI and Host: that is how the emulator is reached.
import { Agent, type RequestOptions, request } from "node:https"
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import type { Clock } from "@moorage/runtime"
import type { HostAddress } from "./host-address.js"
import { CloudError } from "./cloud-errors.js"

export interface HttpsOptions {
    clock: Clock
    connect?: HostAddress
    /** PEM, in place of the CAs that Node trusts. */
    ca?: string
}

export interface HttpsRequest {
    hostName: string
    method: string
    path: string
    headers: Record<string, string>
    body?: string
    /** From the first byte asked to the last byte answered. */
    timeoutMs: number
}

export interface HttpsAnswer {
    status: number
    headers: IncomingHttpHeaders
    body: string
}

/** A page of 1,000 registrations is about 0.5 MB; what is longer than this is not for us. */
const BODY_MAX_BYTES = 32 * 1024 * 1024
const SOCKETS_MAX = 64
const HTTPS_PORT = 443

/** What a system error means, by its code. */
export const REASONS: Record<string, string> = {
    ECONNREFUSED: "the connection was refused",
    ENOTFOUND: "the name is not known",
    EAI_AGAIN: "the name cannot be looked up just now",
    EHOSTUNREACH: "there is no route to it",
    ENETUNREACH: "there is no network",
    ETIMEDOUT: "it does not answer",
    ECONNRESET: "the connection broke",
    EPIPE: "the connection broke",
}

/** Codes of OpenSSL and of Node for a handshake or a certificate that is not right. */
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/

export class Https {
    private readonly agent: Agent

    constructor(private readonly options: HttpsOptions) {
        this.agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX, ca: options.ca })
    }

    /** @throws CloudError unreachable, tls, late or malformed; what the signal was aborted with */
    async ask(asked: HttpsRequest, signal?: AbortSignal): Promise<HttpsAnswer> {
        signal?.throwIfAborted()
        try {
            return await this.exchange(asked, signal)
        } catch (error) {
            if (signal?.aborted) throw signal.reason
            throw error instanceof CloudError ? error : this.errorOf(asked.hostName, error as Error)
        }
    }

    /** Gives the connections back. */
    close(): void {
        this.agent.destroy()
    }

    private exchange(asked: HttpsRequest, signal: AbortSignal | undefined): Promise<HttpsAnswer> {
        const { hostName, method, path, body, timeoutMs } = asked
        const { host, port } = this.options.connect ?? { host: hostName, port: HTTPS_PORT }
        const headers: Record<string, string> = { ...asked.headers, Host: hostName }
        headers["Content-Length"] = String(Buffer.byteLength(body ?? ""))
        const options: RequestOptions = { agent: this.agent, host, port, servername: hostName, method, path }
        return new Promise((resolve, reject) => {
            const sent = request({ ...options, headers, signal }, response => {
                bodyOf(response)
                    .then(text =>
                        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
                    )
                    .catch(reject)
            })
            const timer = this.options.clock.after(timeoutMs, () =>
                sent.destroy(new CloudError("late", `${hostName} did not answer in ${timeoutMs / 1000} s.`))
            )
            sent.on("error", reject)
            sent.on("close", () => timer.cancel())
            sent.end(body)
        })
    }

    private errorOf(hostName: string, error: Error): CloudError {
        const { connect, ca } = this.options
        const { code = "" } = error as NodeJS.ErrnoException
        if (TLS_CODE.test(code)) {
            const cure = ca
                ? "The CA file is not that of this service: an emulator makes a new one at each start."
                : "Name its CA with --ca, or in the profile."
            const what = `${hostName} is not trusted: ${error.message.split("\n")[0]}.`
            return new CloudError("tls", what, { cure, cause: error })
        }
        const where = connect ? `${hostName} at ${connect.host}:${connect.port}` : hostName
        const cure = connect
            ? "Is the emulator running there?"
            : "Check the name, and that this network lets TCP port 443 out."
        const what = `Cannot reach ${where}: ${REASONS[code] ?? error.message}.`
        return new CloudError("unreachable", what, { cure, cause: error })
    }
}

/** The whole body, bounded. @throws CloudError malformed, Error when the connection breaks */
async function bodyOf(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes > BODY_MAX_BYTES)
            throw new CloudError(
                "malformed",
                `An answer is longer than ${BODY_MAX_BYTES / 1024 / 1024} MB. Ask for less: SELECT deviceId FROM devices.`
            )
        chunks.push(chunk)
    }
    if (!response.complete) throw Object.assign(new Error("cut short"), { code: "ECONNRESET" })
    return Buffer.concat(chunks).toString()
}
