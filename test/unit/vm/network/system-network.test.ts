// Connections of a board over the network of the machine.
import { type AddressInfo, type Server, createServer as createTcpServer } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import { realClock } from "@moorage/runtime"
import { type RealNetworkOptions, realNetwork } from "@moorage/vm"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createProbeBoard } from "../../../helpers/probe-board.js"
import { makeCa } from "../../../helpers/certificates.js"

let ca: Awaited<ReturnType<typeof makeCa>>
let tlsServer: Server
let tcpServer: Server
const protocols: (string | null)[] = []

const portOf = (server: Server) => (server.address() as AddressInfo).port
const listening = (server: Server) => new Promise<void>(done => server.listen(0, "127.0.0.1", done))

beforeAll(async () => {
    ca = await makeCa()
    const { cert, key } = await ca.issue("hub.test")
    tlsServer = createTlsServer({ cert, key }, socket => {
        protocols.push(socket.getProtocol())
        socket.on("error", () => undefined)
        socket.on("data", data => socket.write(data))
    })
    tcpServer = createTcpServer(socket => {
        socket.on("error", () => undefined)
        socket.write("x")
        socket.on("data", data => socket.write(data))
    })
    await Promise.all([listening(tlsServer), listening(tcpServer)])
})

afterAll(() => {
    tlsServer.close()
    tcpServer.close()
})

/** Runs the probe program on the system clock until it logs the result of its connection. */
async function outcome(mode: string, peer: object, network: RealNetworkOptions) {
    const shows = mode === "pump" ? /^(pumped|failed)/ : /^(open|failed)/
    const { board } = await createProbeBoard(
        mode,
        { peer },
        { clock: realClock, network: realNetwork(network) }
    )
    const line = new Promise<string>(done => {
        board.on("log", text => shows.test(text) && done(text))
    })
    board.powerOn()
    const text = await line
    board.powerOff()
    return { text, stats: board.stats }
}

describe("the network of the machine", () => {
    const route = () => ({ host: "127.0.0.1", port: portOf(tlsServer) })
    const tls = (host: string) => ({ host, port: 8883, proto: "tls" })

    test("connects over TLS 1.2 with the given CA and the name in the certificate", async () => {
        const network = { ca: ca.cert, routes: { "hub.test": route() } }
        const { text, stats } = await outcome("listen", tls("hub.test"), network)
        expect(text).toBe("open")
        expect(stats).toMatchObject({ tlsHandshakes: 1, socketErrors: 0 })
        expect(protocols.at(-1)).toBe("TLSv1.2")
    })

    test("rejects a wrong host name, an unknown CA, an unknown host and a closed port", async () => {
        const otherCa = await makeCa()
        const closed = createTcpServer()
        await listening(closed)
        const closedPort = portOf(closed)
        await new Promise(done => closed.close(done))
        const tries = await Promise.all([
            outcome("listen", tls("other.test"), { ca: ca.cert, routes: { "other.test:8883": route() } }),
            outcome("listen", tls("hub.test"), { ca: otherCa.cert, routes: { "hub.test": route() } }),
            outcome("listen", tls("nowhere.test"), { ca: ca.cert, routes: { "hub.test": route() } }),
            outcome("listen", { host: "127.0.0.1", port: closedPort, proto: "tcp" }, {}),
        ])
        expect(tries.map(({ text }) => text.replace(/.*: /, ""))).toEqual([
            "mbedtls_ssl_handshake",
            "mbedtls_ssl_handshake",
            "can't resolve host",
            "can't connect",
        ])
        for (const { stats } of tries) expect(stats.tlsHandshakes).toBe(0)
    })

    test("fails the handshake with a peer that is not a TLS server", async () => {
        const routes = { "hub.test": { host: "127.0.0.1", port: portOf(tcpServer) } }
        const { text } = await outcome("listen", tls("hub.test"), { ca: ca.cert, routes })
        expect(text).toContain("mbedtls_ssl_handshake")
    })

    test("transmits data completely and in order in both directions", async () => {
        const network = { ca: ca.cert, routes: { "hub.test": route() } }
        const { text, stats } = await outcome("pump", tls("hub.test"), network)
        expect(text).toBe("pumped 9000")
        expect(stats).toMatchObject({ bytesSent: 9000, bytesReceived: 9000, socketErrors: 0 })
    })
})
