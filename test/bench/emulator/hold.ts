// Devices that are connected and do nothing: what each costs the server.
import { deriveDeviceKey } from "@moorage/protocol"
import { Child, type Transport } from "./child.js"
import { BenchClient } from "./client.js"
import { GROUP_KEY, hubCredentials } from "./names.js"

const AT_ONCE = 100

export interface Held {
    devices: number
    rssKB: number
    heapKB: number
}

/** Connects and subscribes `count` devices, asks each whether it is alive, and tells the memory of one. */
export async function benchHold(transport: Transport, count: number): Promise<Held> {
    const child = await Child.start("ours", transport)
    const clients: BenchClient[] = []
    try {
        const ids = Array.from({ length: count }, (_, i) => `held-${i}`)
        const before = await child.usage()
        await child.usage(ids.map(id => ({ id, key: deriveDeviceKey(GROUP_KEY, id) })))
        for (let i = 0; i < count; i += AT_ONCE)
            await Promise.all(
                ids.slice(i, i + AT_ONCE).map(async id => {
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
