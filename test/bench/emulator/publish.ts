// Telemetry at QoS 1: the same packets to our hub, which authenticates each device, and to a bare broker.
import mqtt from "mqtt-packet"
import { deriveDeviceKey } from "@moorage/protocol"
import { Child, type Transport, type What } from "./child.js"
import { BenchClient } from "./client.js"
import { GROUP_KEY, hubCredentials } from "./names.js"

const CLIENTS = 20
const IN_FLIGHT = 20
const BODY_BYTES = 200
const PUBACK_BYTES = 4

export interface Rate {
    perSec: number
    perCpuSec: number
}

/** Sends `count` messages with a window, counting PUBACKs by their bytes: the generator must not be the limit. */
async function flood(client: BenchClient, id: string, count: number): Promise<void> {
    const topic = `devices/${id}/messages/events/`
    const payload = Buffer.alloc(BODY_BYTES, 120)
    const packets = Array.from({ length: IN_FLIGHT }, (_, i) =>
        mqtt.generate({ cmd: "publish", topic, payload, qos: 1, dup: false, retain: false, messageId: i + 1 })
    )
    const { socket } = client
    socket.removeAllListeners("data")
    let sent = 0
    let ackedBytes = 0
    await new Promise<void>((resolve, reject) => {
        const send = () => {
            const due = Math.min(count, Math.floor(ackedBytes / PUBACK_BYTES) + IN_FLIGHT) - sent
            const batch = Array.from({ length: due }, (_, i) => packets[(sent + i) % IN_FLIGHT])
            sent += due
            if (due > 0) socket.write(Buffer.concat(batch))
        }
        socket.on("data", (bytes: Buffer) => {
            ackedBytes += bytes.length
            if (ackedBytes >= count * PUBACK_BYTES) resolve()
            else send()
        })
        socket.on("close", () => reject(new Error("closed")))
        send()
    })
}

async function measure(what: What, transport: Transport, messages: number): Promise<Rate> {
    const child = await Child.start(what, transport)
    try {
        const ids = Array.from({ length: CLIENTS }, (_, i) => `bench-${i}`)
        await child.usage(ids.map(id => ({ id, key: deriveDeviceKey(GROUP_KEY, id) })))
        const clients = await Promise.all(
            ids.map(async id => {
                const client = new BenchClient(await child.connect())
                await client.connect(id, hubCredentials(id))
                return client
            })
        )
        const all = (each: number) => Promise.all(clients.map((client, i) => flood(client, ids[i], each)))
        await all(Math.floor(messages / CLIENTS / 5))
        const before = await child.usage()
        const startMs = performance.now()
        await all(Math.floor(messages / CLIENTS))
        const sec = (performance.now() - startMs) / 1000
        const after = await child.usage()
        return { perSec: messages / sec, perCpuSec: messages / ((after.cpuMs - before.cpuMs) / 1000) }
    } finally {
        await child.stop()
    }
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/** Medians of `rounds` measurements, taken in turns so that both meet the same machine. */
export async function benchPublish(
    transport: Transport,
    messages = 100_000,
    rounds = 3
): Promise<Record<What, Rate>> {
    const rates: Record<What, Rate[]> = { ours: [], aedes: [] }
    for (let round = 0; round < rounds; round++)
        for (const what of ["ours", "aedes"] as const)
            rates[what].push(await measure(what, transport, messages))
    const both = (what: What): Rate => ({
        perSec: median(rates[what].map(rate => rate.perSec)),
        perCpuSec: median(rates[what].map(rate => rate.perCpuSec)),
    })
    return { ours: both("ours"), aedes: both("aedes") }
}
