// All that the doctor touches of the world: passed in, so that its checks can be tried without one.
import type { Clock, Random } from "@moorage/runtime"
import type { HostAddress, CloudSettings, Services } from "../azure/index.js"
import type { HttpsResponse, HttpsRequest } from "../azure/https.js"
import type { ServerCertificate } from "./check-certificate.js"

export interface SerialPort {
    path: string
    /** Whether this user may read and write it. */
    isUsable: boolean
}

/** What a program prints when it is run, and how it ended. */
export interface ExecResult {
    code: number | null
    output: string
}

/** A request whose time is the check's. */
export type ProbeRequest = Omit<HttpsRequest, "timeoutMs">

export interface Probes {
    clock: Clock
    random: Random
    /** As of `process`. */
    platform: string
    nodeVersion: string
    /** Runs a program; undefined when there is no such command on the PATH. */
    exec(command: string, args: string[], signal: AbortSignal): Promise<ExecResult | undefined>
    /** The version of an installed npm package of this project. */
    packageVersion(name: string): string | undefined
    /** What this project's package.json asks for: of Node, and of a package. */
    wanted: { node: string; devicescript: string }
    serialPorts(): SerialPort[]
    /** Undefined when there is no such file. @throws Error when it cannot be read */
    readText(file: string): string | undefined
    /** Addresses of a name. @throws Error with a code */
    resolveHost(host: string): Promise<string[]>
    /** Opens a TCP connection and closes it. @throws Error with a code */
    connectTcp(at: HostAddress, signal: AbortSignal): Promise<void>
    /** A TLS handshake that takes any certificate, and what it showed. @throws Error with a code */
    tlsHandshake(
        at: HostAddress,
        serverName: string,
        ca: string | undefined,
        signal: AbortSignal
    ): Promise<ServerCertificate>
    /** Sends one packet over TLS and gives back the return code of the CONNACK. @throws Error */
    connectMqtt(
        at: HostAddress,
        serverName: string,
        ca: string | undefined,
        packet: Uint8Array,
        signal: AbortSignal
    ): Promise<number>
    /** @throws CloudError */
    sendRequest(settings: CloudSettings, asked: ProbeRequest, signal: AbortSignal): Promise<HttpsResponse>
    /** The service APIs; a call that fails is not tried again. */
    openServices(settings: CloudSettings, signal: AbortSignal): Services
}
