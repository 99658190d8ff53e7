// Measures the memory that an idle connected device costs the server.
import { deriveDeviceKey } from "@moorage/protocol"
import { ServerProcess, type Transport } from "./server-process.js"
import { BenchClient } from "./bench-client.js"
import { GROUP_KEY, hubCredentials } from "./bench-credentials.js"

const CONCURRENT_CONNECTS = 100

/** Memory per connected device. */
export interface ConnectionCost {
    devices: number
    rssKB: number
    heapKB: number
}

/** Connects and subscribes `count` devices, pings each, and returns the memory per device. */
export async function benchConnectionMemory(transport: Transport, count: number): Promise<ConnectionCost> {
    const child = await ServerProcess.start("moorage", transport)
    const clients: BenchClient[] = []
    try {
        const ids = Array.from({ length: count }, (_, i) => `held-${i}`)
        const before = await child.usage()
        await child.usage(ids.map(id => ({ id, key: deriveDeviceKey(GROUP_KEY, id) })))
        for (let i = 0; i < count; i += CONCURRENT_CONNECTS)
            await Promise.all(
                ids.slice(i, i + CONCURRENT_CONNECTS).map(async id => {
                    const client = new BenchClient(await child.connect())
                    await client.connect(id, hubCredentials(id))
                    await client.subscribe(`devices/${id}/messages/devicebound/#`)
                    clients.push(client)
                })
            )
        for (const client of clients) {
            client.send({ cmd: "pingreq" })
            await client.next("pingresp")
        }
        await child.usage()
        const after = await child.usage()
        const each = (bytes: number) => bytes / count / 1024
        return {
            devices: clients.length,
            rssKB: each(after.rss - before.rss),
            heapKB: each(after.heapUsed - before.heapUsed),
        }
    } finally {
        for (const client of clients) client.socket.destroy()
        await child.stop()
    }
}
