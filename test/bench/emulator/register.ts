// Whole registrations: connect, subscribe, register, poll, assigned, disconnect. A bare broker does as much of it as
// it can: the same packets, with each message coming back to its sender instead of an answer.
import { Child, type Transport, type What } from "./child.js"
import { BenchClient } from "./client.js"
import { dpsCredentials } from "./names.js"
import type { Rate } from "./publish.js"

const AT_ONCE = 50

const REGISTER = "$dps/registrations/PUT/iotdps-register/?$rid=1"
const POLL = "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId="

async function register(child: Child, what: What, id: string): Promise<void> {
    const client = new BenchClient(await child.connect())
    await client.connect(id, dpsCredentials(id))
    if (what === "aedes") {
        await client.subscribe(`dps/${id}`)
        for (const messageId of [2, 3]) await client.ask(`dps/${id}`, "{}", messageId)
    } else {
        await client.subscribe("$dps/registrations/res/#")
        const first = await client.ask(REGISTER, "", 2)
        const { operationId } = JSON.parse(first.payload.toString()) as { operationId: string }
        const last = await client.ask(POLL + operationId, "", 3)
        if (!last.payload.toString().includes('"assigned"')) throw new Error("not assigned")
    }
    client.end()
}

async function registerMany(child: Child, what: What, prefix: string, count: number): Promise<void> {
    let next = 0
    const work = async () => {
        while (next < count) await register(child, what, `${prefix}-${next++}`)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
}

export async function benchRegister(what: What, transport: Transport, count = 5000): Promise<Rate> {
    const child = await Child.start(what, transport)
    try {
        await registerMany(child, what, "warm", count / 5)
        const before = await child.usage()
        const startMs = performance.now()
        await registerMany(child, what, "bench", count)
        const sec = (performance.now() - startMs) / 1000
        const after = await child.usage()
        return { perSec: count / sec, perCpuSec: count / ((after.cpuMs - before.cpuMs) / 1000) }
    } finally {
        await child.stop()
    }
}
