// The measured server, in a process of its own: `measured-server.ts moorage|aedes tcp|tls`. It sends its port to the
// parent process, then answers each message with the resources that it has used.
import { createServer, type Server, type Socket } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import { Aedes } from "aedes"
import { socketLink } from "@moorage/runtime"
import { realClock, realRandom } from "@moorage/runtime"
import { acceptMqtt, Cloud } from "../../../tools/emulator/index.js"
import { makeAuthority } from "../../../tools/emulator/tls/certificate-authority.js"
import { GROUP_KEY, HUB, ID_SCOPE } from "./bench-credentials.js"

const [kind, transport] = process.argv.slice(2)

/** Returns the connection handler of an emulator without quotas. */
function emulatorHandler(): (socket: Socket) => void {
    const cloud = new Cloud({
        clock: realClock,
        random: realRandom,
        idScope: ID_SCOPE,
        hubs: [{ hostName: HUB }],
        enrollmentGroups: [{ enrollmentGroupId: "g", primaryKey: GROUP_KEY }],
        assigningMs: 0,
        quotas: {
            dpsRegistrations: null,
            dpsPollsPerDevice: null,
            dpsOperations: null,
            hubConnects: null,
            hubTelemetry: null,
            hubDailyMessages: null,
        },
    })
    process.on("message", message => {
        const { devices } = message as { devices?: { id: string; key: string }[] }
        for (const { id, key } of devices ?? []) cloud.hub(HUB).putDevice(id, [key])
    })
    return socket => acceptMqtt(cloud, socketLink(socket))
}

/** Returns the connection handler of a bare broker. */
async function aedesHandler(): Promise<(socket: Socket) => void> {
    const broker = await Aedes.createBroker()
    return socket => {
        socket.setNoDelay(true)
        broker.handle(socket)
    }
}

async function serverFor(handle: (socket: Socket) => void): Promise<Server> {
    if (transport === "tcp") return createServer(handle)
    const { certificate: cert, key } = await makeAuthority(Date.now())
    return createTlsServer({ cert, key, minVersion: "TLSv1.2" }, handle)
}

const server = await serverFor(kind === "moorage" ? emulatorHandler() : await aedesHandler())
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
    process.send?.({ port: (server.address() as { port: number }).port })
})
process.on("message", () => {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, external } = process.memoryUsage()
    process.send?.({ cpuMs: (user + system) / 1000, rss, heapUsed, external })
})
process.on("SIGINT", () => process.exit(0))
