// The interface of the doctor to the machine and the network. Tests replace it.
import type { Clock, Random } from "@moorage/runtime"
import type { HostAddress, CloudSettings, Services } from "../azure/index.js"
import type { HttpsRequest, HttpsResponse } from "../azure/https.js"
import type { ServerCertificate } from "./check-certificate.js"

export interface SerialPort {
    path: string
    /** Whether the user may read and write the port. */
    isUsable: boolean
}

export interface ExecResult {
    /** Exit code; null if the program did not exit normally. */
    code: number | null
    output: string
}

/** A TLS server. */
export interface TlsEndpoint {
    address: HostAddress
    serverName: string
    /** PEM, instead of the CAs that Node trusts. */
    ca: string | undefined
}

/** A request without its own time limit. The time limit of the check applies. */
export type ProbeRequest = Omit<HttpsRequest, "timeoutMs">

export interface Probes {
    clock: Clock
    random: Random
    /** `process.platform`. */
    platform: string
    /** `process.versions.node`. */
    nodeVersion: string
    /** Runs a program. Returns undefined if the command is not on the PATH. */
    exec(command: string, args: string[], signal: AbortSignal): Promise<ExecResult | undefined>
    /** Returns the version of an npm package that is installed for this project. */
    packageVersion(name: string): string | undefined
    /** Versions that package.json of this project requires. */
    required: { node: string; devicescript: string }
    /** Returns the serial ports of this machine. */
    serialPorts(): SerialPort[]
    /** Returns the text of a file, or undefined if the file does not exist. @throws Error if it cannot be read */
    readText(file: string): string | undefined
    /** Returns the IP addresses of a host name. @throws Error with a code */
    resolveHost(host: string): Promise<string[]>
    /** Opens a TCP connection and closes it. @throws Error with a code */
    connectTcp(address: HostAddress, signal: AbortSignal): Promise<void>
    /** Performs a TLS handshake that accepts any certificate, and returns the certificate. @throws Error with a code */
    tlsHandshake(endpoint: TlsEndpoint, signal: AbortSignal): Promise<ServerCertificate>
    /** Sends one MQTT packet over TLS and returns the return code of the CONNACK. @throws Error */
    connectMqtt(endpoint: TlsEndpoint, packet: Uint8Array, signal: AbortSignal): Promise<number>
    /** Sends an HTTPS request and returns the response. @throws CloudError */
    sendRequest(settings: CloudSettings, request: ProbeRequest, signal: AbortSignal): Promise<HttpsResponse>
    /** Opens the service APIs. Failed calls are not retried. */
    openServices(settings: CloudSettings, signal: AbortSignal): Services
}
