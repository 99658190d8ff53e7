// The sockets and the server certificate of the emulator.
import type { IncomingMessage } from "node:http"
import { get } from "node:https"
import { createServer, type AddressInfo, type Server } from "node:net"
import { connect, type TLSSocket } from "node:tls"
import { realClock, realRandom } from "@moorage/runtime"
import { expect, test } from "vitest"
import { Cloud, listen } from "../../../tools/emulator/index.js"

const newCloud = () =>
    new Cloud({
        clock: realClock,
        random: realRandom,
        idScope: "0ne",
        hubs: [{ hostName: "one.azure-devices.net" }],
    })

/** Resolves when the handshake is complete. Rejects with the error of the handshake. */
function handshake(port: number, ca: string, servername: string): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port, ca, servername }, () => resolve(socket))
        socket.on("error", reject)
    })
}

test("a client that trusts the CA reaches DPS, every hub and localhost, and no other name", async () => {
    const servers = await listen(newCloud())
    try {
        for (const name of ["global.azure-devices-provisioning.net", "one.azure-devices.net", "localhost"])
            (await handshake(servers.mqttPort, servers.ca, name)).destroy()
        await expect(handshake(servers.mqttPort, servers.ca, "example.com")).rejects.toThrow(/altnames/)
    } finally {
        await servers.close()
    }
})

test("the device API sends the date of the machine over HTTPS", async () => {
    const servers = await listen(newCloud())
    try {
        const response = await new Promise<IncomingMessage>((resolve, reject) => {
            const { ca, httpsPort: port } = servers
            get({ host: "localhost", port, ca, path: "/" }, resolve).on("error", reject)
        })
        response.resume()
        expect(response.statusCode).toBe(404)
        expect(Date.parse(response.headers.date ?? "")).not.toBeNaN()
    } finally {
        await servers.close()
    }
})

test("a client that does not trust the CA ends the handshake", async () => {
    const servers = await listen(newCloud())
    const other = await listen(newCloud())
    try {
        await expect(handshake(servers.mqttPort, other.ca, "localhost")).rejects.toThrow()
    } finally {
        await Promise.all([servers.close(), other.close()])
    }
})

test("the error for a used port names the port and a solution, and no port stays open", async () => {
    const taken = await new Promise<Server>(resolve => {
        const server = createServer().listen(0, "127.0.0.1", () => resolve(server))
    })
    const { port } = taken.address() as AddressInfo
    await expect(listen(newCloud(), { httpsPort: port })).rejects.toThrow(
        `Cannot listen for HTTPS on 127.0.0.1:${port}: another program uses the port. Choose another port, or 0 for any free port.`
    )
    taken.close()
})

test("close resets the connections and closes the ports", async () => {
    const servers = await listen(newCloud(), { tcpPort: 0 })
    const socket = await handshake(servers.mqttPort, servers.ca, "localhost")
    const closed = new Promise(resolve => socket.on("close", resolve))
    await servers.close()
    await closed
    const again = await listen(newCloud(), { mqttPort: servers.mqttPort, tcpPort: servers.tcpPort })
    await again.close()
})
