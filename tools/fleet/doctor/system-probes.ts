// The doctor's hands: processes, files, names and sockets of this machine.
import { execFile } from "node:child_process"
import { lookup } from "node:dns/promises"
import { accessSync, constants, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { type Socket, connect as dialTcp, isIP } from "node:net"
import { join } from "node:path"
import { connect as dialTls, type PeerCertificate, type TLSSocket } from "node:tls"
import { realClock, realRandom } from "@moorage/runtime"
import { Decoder, encodeEmpty, PacketType } from "@moorage/device/shared"
import { type HostAddress, openServices } from "../azure/index.js"
import { Https } from "../azure/https.js"
import type { ServerCertificate } from "./check-certificate.js"
import type { Probes, ExecResult, SerialPort } from "./probes.js"

const here = createRequire(import.meta.url)

interface PackageFile {
    version: string
    engines: { node: string }
    devDependencies: Record<string, string>
}

function say(command: string, args: string[], signal: AbortSignal): Promise<ExecResult | undefined> {
    return new Promise((done, fail) => {
        execFile(command, args, { signal }, (error, stdout, stderr) => {
            const output = `${stdout}\n${stderr}`
            if (!error) return done({ code: 0, output })
            if (error.code === "ENOENT" || error.code === "EACCES") return done(undefined)
            if (typeof error.code === "number") return done({ code: error.code, output })
            if (signal.aborted) return fail(signal.reason as Error)
            done({ code: null, output: error.message })
        })
    })
}

function packageVersion(name: string): string | undefined {
    try {
        return (here(`${name}/package.json`) as PackageFile).version
    } catch {
        return undefined
    }
}

const PORT_NAMES: Record<string, RegExp> = { darwin: /^cu\./, linux: /^tty(USB|ACM)\d+$/ }
const DEVICES = "/dev"

function serialPorts(): SerialPort[] {
    const pattern = PORT_NAMES[process.platform]
    if (!pattern) return []
    return readdirSync(DEVICES)
        .filter(name => pattern.test(name))
        .sort()
        .map(name => {
            const path = join(DEVICES, name)
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

/** What `use` makes of a socket, which is gone after it. @throws the socket's error, or the signal's reason */
function withSocket<S extends Socket, T>(
    socket: S,
    signal: AbortSignal,
    use: (socket: S, done: (value: T) => void, fail: (error: Error) => void) => void
): Promise<T> {
    const stop = () => socket.destroy(signal.reason as Error)
    signal.addEventListener("abort", stop, { once: true })
    return new Promise<T>((done, fail) => {
        socket.on("error", fail)
        socket.on("close", () => fail(Object.assign(new Error("closed"), { code: "ECONNRESET" })))
        use(socket, done, fail)
    }).finally(() => {
        signal.removeEventListener("abort", stop)
        socket.destroy()
    })
}

function dial(at: HostAddress, signal: AbortSignal): Promise<void> {
    return withSocket(dialTcp(at), signal, (socket, done) => socket.on("connect", () => done()))
}

/** A name in a certificate: its common name, or its organisation. */
const nameOf = (subject: Partial<PeerCertificate["issuer"]> | undefined) =>
    [subject?.CN, subject?.O].flat().find(name => name !== undefined) ?? "nobody"

function seenOf(socket: TLSSocket): ServerCertificate {
    const certificate = socket.getPeerCertificate()
    const names = (certificate.subjectaltname ?? nameOf(certificate.subject)).replaceAll(
        /DNS:|IP Address:/g,
        ""
    )
    // Node has a code here, or an Error that has one.
    const why = socket.authorizationError as Error | string | null | undefined
    const code = typeof why === "object" ? (why as NodeJS.ErrnoException | null)?.code : why
    return {
        protocol: socket.getProtocol() ?? "TLS",
        issuer: nameOf(certificate.issuer),
        names,
        expiresAtMs: Date.parse(certificate.valid_to),
        untrustedReason: socket.authorized ? undefined : (code ?? String(why)),
    }
}

/** Any certificate is taken: the doctor is to tell what is wrong with it. */
function tls({ host, port }: HostAddress, serverName: string, ca: string | undefined): TLSSocket {
    const servername = isIP(serverName) ? "" : serverName
    return dialTls({ host, port, servername, ca, rejectUnauthorized: false })
}

function handshake(
    at: HostAddress,
    serverName: string,
    ca: string | undefined,
    signal: AbortSignal
): Promise<ServerCertificate> {
    return withSocket(tls(at, serverName, ca), signal, (socket, done) =>
        socket.on("secureConnect", () => done(seenOf(socket)))
    )
}

const CONNACK_BYTES = 2

function connack(
    at: HostAddress,
    serverName: string,
    ca: string | undefined,
    packet: Uint8Array,
    signal: AbortSignal
): Promise<number> {
    const socket = dialTls({ ...at, servername: isIP(serverName) ? "" : serverName, ca })
    return withSocket(socket, signal, (_socket, done, fail) => {
        const decoder = new Decoder(CONNACK_BYTES, (head, body) => {
            if (head !== PacketType.ConnAck) return fail(new Error("not a CONNACK"))
            socket.end(encodeEmpty(PacketType.Disconnect))
            done(body[1])
        })
        socket.on("secureConnect", () => socket.write(packet))
        socket.on("data", (chunk: Buffer) => {
            try {
                decoder.feed(chunk)
            } catch (error) {
                fail(error as Error)
            }
        })
    })
}

/** The check's own time is over before. */
const LATEST_MS = 86_400_000

/** This machine as it is. */
export function systemProbes(): Probes {
    const { engines, devDependencies } = here("../../../package.json") as PackageFile
    return {
        clock: realClock,
        random: realRandom,
        platform: process.platform,
        nodeVersion: process.versions.node,
        wanted: { node: engines.node, devicescript: devDependencies["@devicescript/cli"] },
        exec: say,
        packageVersion,
        serialPorts,
        readText,
        resolveHost: async host => (await lookup(host, { all: true })).map(({ address }) => address),
        connectTcp: dial,
        tlsHandshake: handshake,
        connectMqtt: connack,
        sendRequest: async ({ connect, ca }, asked, signal) => {
            const https = new Https({ clock: realClock, connect, ca })
            try {
                return await https.send({ ...asked, timeoutMs: LATEST_MS }, signal)
            } finally {
                https.close()
            }
        },
        openServices: (settings, signal) =>
            openServices(settings, { clock: realClock, random: realRandom, giveUpAfterSec: 0, signal }),
    }
}
