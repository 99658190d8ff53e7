// Measures telemetry with QoS 1: the same packets to the hub of the emulator and to a bare broker.
import mqtt from "mqtt-packet"
import { deriveDeviceKey } from "@moorage/protocol"
import { type ServerKind, ServerProcess, type Transport } from "./server-process.js"
import { BenchClient } from "./bench-client.js"
import { GROUP_KEY, hubCredentials } from "./bench-credentials.js"

const CLIENTS = 20
const IN_FLIGHT = 20
const BODY_BYTES = 200
const PUBACK_BYTES = 4

/** Messages per second, and per second of CPU time of the server. */
export interface MessageRate {
    perSec: number
    perCpuSec: number
}

/** Sends `count` messages with a window. Counts PUBACKs by their bytes, so that the client is not the bottleneck. */
async function flood(client: BenchClient, id: string, count: number): Promise<void> {
    const topic = `devices/${id}/messages/events/`
    const payload = Buffer.alloc(BODY_BYTES, 120)
    const packets = Array.from({ length: IN_FLIGHT }, (_, i) =>
        mqtt.generate({ cmd: "publish", topic, payload, qos: 1, dup: false, retain: false, messageId: i + 1 })
    )
    const { socket } = client
    socket.removeAllListeners("data")
    let sent = 0
    let pubackBytes = 0
    await new Promise<void>((resolve, reject) => {
        const send = () => {
            const due = Math.min(count, Math.floor(pubackBytes / PUBACK_BYTES) + IN_FLIGHT) - sent
            const batch = Array.from({ length: due }, (_, i) => packets[(sent + i) % IN_FLIGHT])
            sent += due
            if (due > 0) socket.write(Buffer.concat(batch))
        }
        socket.on("data", (bytes: Buffer) => {
            pubackBytes += bytes.length
            if (pubackBytes >= count * PUBACK_BYTES) resolve()
            else send()
        })
        socket.on("close", () => reject(new Error("The server closed the connection.")))
        send()
    })
}

async function measure(kind: ServerKind, transport: Transport, messages: number): Promise<MessageRate> {
    const child = await ServerProcess.start(kind, transport)
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
        const floodAll = (each: number) =>
            Promise.all(clients.map((client, i) => flood(client, ids[i], each)))
        await floodAll(Math.floor(messages / CLIENTS / 5))
        const before = await child.usage()
        const startMs = performance.now()
        await floodAll(Math.floor(messages / CLIENTS))
        const sec = (performance.now() - startMs) / 1000
        const after = await child.usage()
        return { perSec: messages / sec, perCpuSec: messages / ((after.cpuMs - before.cpuMs) / 1000) }
    } finally {
        await child.stop()
    }
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

/** Returns the medians of `rounds` measurements of both servers, taken alternately. */
export async function benchPublish(
    transport: Transport,
    messages = 100_000,
    rounds = 3
): Promise<Record<ServerKind, MessageRate>> {
    const rates: Record<ServerKind, MessageRate[]> = { moorage: [], aedes: [] }
    for (let round = 0; round < rounds; round++)
        for (const kind of ["moorage", "aedes"] as const)
            rates[kind].push(await measure(kind, transport, messages))
    const medianOf = (kind: ServerKind): MessageRate => ({
        perSec: median(rates[kind].map(rate => rate.perSec)),
        perCpuSec: median(rates[kind].map(rate => rate.perCpuSec)),
    })
    return { moorage: medianOf("moorage"), aedes: medianOf("aedes") }
}
