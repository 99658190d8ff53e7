// The probes of the real machine: processes, files, DNS and sockets.
import { execFile } from "node:child_process"
import { lookup } from "node:dns/promises"
import { accessSync, constants, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { type Socket, connect as openTcp, isIP } from "node:net"
import { join } from "node:path"
import { connect as openTls, type PeerCertificate, type TLSSocket } from "node:tls"
import { realClock, realRandom } from "@moorage/runtime"
import { Decoder, encodeEmpty, PacketType } from "@moorage/device/shared"
import { type HostAddress, openServices } from "../azure/index.js"
import { Https } from "../azure/https.js"
import type { ServerCertificate } from "./check-certificate.js"
import type { ExecResult, Probes, SerialPort, TlsEndpoint } from "./probes.js"

const requireHere = createRequire(import.meta.url)

interface PackageFile {
    version: string
    engines: { node: string }
    devDependencies: Record<string, string>
}

function exec(command: string, args: string[], signal: AbortSignal): Promise<ExecResult | undefined> {
    return new Promise((resolve, reject) => {
        execFile(command, args, { signal }, (error, stdout, stderr) => {
            const output = `${stdout}\n${stderr}`
            if (!error) return resolve({ code: 0, output })
            if (error.code === "ENOENT" || error.code === "EACCES") return resolve(undefined)
            if (typeof error.code === "number") return resolve({ code: error.code, output })
            if (signal.aborted) return reject(signal.reason as Error)
            resolve({ code: null, output: error.message })
        })
    })
}

function packageVersion(name: string): string | undefined {
    try {
        return (requireHere(`${name}/package.json`) as PackageFile).version
    } catch {
        return undefined
    }
}

const PORT_PATTERNS: Record<string, RegExp> = { darwin: /^cu\./, linux: /^tty(USB|ACM)\d+$/ }
const DEVICE_FOLDER = "/dev"

function serialPorts(): SerialPort[] {
    const pattern = PORT_PATTERNS[process.platform]
    if (!pattern) return []
    return readdirSync(DEVICE_FOLDER)
        .filter(name => pattern.test(name))
        .sort()
        .map(name => {
            const path = join(DEVICE_FOLDER, name)
            try {
                accessSync(path, constants.R_OK | constants.W_OK)
                return { path, isUsable: true }
            } catch {
                return { path, isUsable: false }
            }
        })
}

function readText(file: string): string | undefined {
    try {
        return readFileSync(file, "utf8")
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
        throw error
    }
}

/** Returns the result of `use` and destroys the socket. @throws the error of the socket, or the reason of the signal */
function withSocket<S extends Socket, T>(
    socket: S,
    signal: AbortSignal,
    use: (socket: S, resolve: (value: T) => void, reject: (error: Error) => void) => void
): Promise<T> {
    const abort = () => socket.destroy(signal.reason as Error)
    signal.addEventListener("abort", abort, { once: true })
    return new Promise<T>((resolve, reject) => {
        socket.on("error", reject)
        socket.on("close", () => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" })))
        use(socket, resolve, reject)
    }).finally(() => {
        signal.removeEventListener("abort", abort)
        socket.destroy()
    })
}

function connectTcp(address: HostAddress, signal: AbortSignal): Promise<void> {
    return withSocket(openTcp(address), signal, (socket, resolve) => socket.on("connect", () => resolve()))
}

/** Returns the common name or the organisation of a certificate's subject or issuer. */
const nameOf = (subject: Partial<PeerCertificate["issuer"]> | undefined) =>
    [subject?.CN, subject?.O].flat().find(name => name !== undefined) ?? "unknown"

function readCertificate(socket: TLSSocket): ServerCertificate {
    const certificate = socket.getPeerCertificate()
    const names = (certificate.subjectaltname ?? nameOf(certificate.subject)).replaceAll(
        /DNS:|IP Address:/g,
        ""
    )
    // Node sets a code, or an Error with a code.
    const reason = socket.authorizationError as Error | string | null | undefined
    const code = typeof reason === "object" ? (reason as NodeJS.ErrnoException | null)?.code : reason
    return {
        protocol: socket.getProtocol() ?? "TLS",
        issuer: nameOf(certificate.issuer),
        names,
        expiresAtMs: Date.parse(certificate.valid_to),
        untrustedReason: socket.authorized ? undefined : (code ?? String(reason)),
    }
}

function connectTls({ address, serverName, ca }: TlsEndpoint, rejectUnauthorized: boolean): TLSSocket {
    const servername = isIP(serverName) ? "" : serverName
    return openTls({ host: address.host, port: address.port, servername, ca, rejectUnauthorized })
}

function tlsHandshake(endpoint: TlsEndpoint, signal: AbortSignal): Promise<ServerCertificate> {
    // The handshake accepts any certificate. A check of the doctor reports its issues.
    return withSocket(connectTls(endpoint, false), signal, (socket, resolve) =>
        socket.on("secureConnect", () => resolve(readCertificate(socket)))
    )
}

const CONNACK_BYTES = 2

function connectMqtt(endpoint: TlsEndpoint, packet: Uint8Array, signal: AbortSignal): Promise<number> {
    return withSocket(connectTls(endpoint, true), signal, (socket, resolve, reject) => {
        const decoder = new Decoder(CONNACK_BYTES, (head, body) => {
            if (head !== PacketType.ConnAck) return reject(new Error("not a CONNACK"))
            socket.end(encodeEmpty(PacketType.Disconnect))
            resolve(body[1])
        })
        socket.on("secureConnect", () => socket.write(packet))
        socket.on("data", (chunk: Buffer) => {
            try {
                decoder.feed(chunk)
            } catch (error) {
                reject(error as Error)
            }
        })
    })
}

/** Longer than any check. The time limit of the check applies first. */
const REQUEST_TIMEOUT_MS = 86_400_000

/** Returns the probes of this machine and its network. */
export function systemProbes(): Probes {
    const { engines, devDependencies } = requireHere("../../../package.json") as PackageFile
    return {
        clock: realClock,
        random: realRandom,
        platform: process.platform,
        nodeVersion: process.versions.node,
        required: { node: engines.node, devicescript: devDependencies["@devicescript/cli"] },
        exec,
        packageVersion,
        serialPorts,
        readText,
        resolveHost: async host => (await lookup(host, { all: true })).map(({ address }) => address),
        connectTcp,
        tlsHandshake,
        connectMqtt,
        sendRequest: async ({ connect, ca }, request, signal) => {
            const https = new Https({ clock: realClock, connect, ca })
            try {
                return await https.send({ ...request, timeoutMs: REQUEST_TIMEOUT_MS }, signal)
            } finally {
                https.close()
            }
        },
        openServices: (settings, signal) =>
            openServices(settings, { clock: realClock, random: realRandom, giveUpAfterSec: 0, signal }),
    }
}
