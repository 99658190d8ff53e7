// Measures complete registrations: connect, subscribe, register, poll, disconnect. The bare broker handles the same
// packets, but returns each message to its sender instead of an answer.
import { type ServerKind, ServerProcess, type Transport } from "./server-process.js"
import { BenchClient } from "./bench-client.js"
import { dpsCredentials } from "./bench-credentials.js"
import type { MessageRate } from "./bench-publish.js"

const CONCURRENT_REGISTRATIONS = 50

const REGISTER = "$dps/registrations/PUT/iotdps-register/?$rid=1"
const POLL = "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId="

async function register(child: ServerProcess, kind: ServerKind, id: string): Promise<void> {
    const client = new BenchClient(await child.connect())
    await client.connect(id, dpsCredentials(id))
    if (kind === "aedes") {
        await client.subscribe(`dps/${id}`)
        for (const messageId of [2, 3]) await client.request(`dps/${id}`, "{}", messageId)
    } else {
        await client.subscribe("$dps/registrations/res/#")
        const first = await client.request(REGISTER, "", 2)
        const { operationId } = JSON.parse(first.payload.toString()) as { operationId: string }
        const last = await client.request(POLL + operationId, "", 3)
        if (!last.payload.toString().includes('"assigned"'))
            throw new Error(`The registration of ${id} was not assigned.`)
    }
    client.end()
}

async function registerMany(
    child: ServerProcess,
    kind: ServerKind,
    prefix: string,
    count: number
): Promise<void> {
    let next = 0
    const work = async () => {
        while (next < count) await register(child, kind, `${prefix}-${next++}`)
    }
    await Promise.all(Array.from({ length: CONCURRENT_REGISTRATIONS }, work))
}

/** Returns the registrations per second and per second of CPU time of the server. */
export async function benchRegister(
    kind: ServerKind,
    transport: Transport,
    count = 5000
): Promise<MessageRate> {
    const child = await ServerProcess.start(kind, transport)
    try {
        await registerMany(child, kind, "warm", count / 5)
        const before = await child.usage()
        const startMs = performance.now()
        await registerMany(child, kind, "bench", count)
        const sec = (performance.now() - startMs) / 1000
        const after = await child.usage()
        return { perSec: count / sec, perCpuSec: count / ((after.cpuMs - before.cpuMs) / 1000) }
    } finally {
        await child.stop()
    }
}
