// Compares the throughput of the emulator with the bare broker aedes, and measures the memory per connection.
import { benchConnectionMemory } from "./bench-connection-memory.js"
import { benchPublish, type MessageRate } from "./bench-publish.js"
import { benchRegister } from "./bench-register.js"

const HELD_CONNECTIONS = 10_000

function compare(title: string, moorage: MessageRate, aedes: MessageRate): void {
    const row = (name: string, { perSec, perCpuSec }: MessageRate) =>
        `  ${name.padEnd(8)} ${Math.round(perSec).toString().padStart(8)} /s ${Math.round(perCpuSec).toString().padStart(8)} /s of CPU`
    console.log(title)
    console.log(row("moorage", moorage))
    console.log(row("aedes", aedes))
    const ratio = (of: (rate: MessageRate) => number) => (of(moorage) / of(aedes)).toFixed(2)
    console.log(
        `  ratio    ${ratio(rate => rate.perSec).padStart(8)}    ${ratio(rate => rate.perCpuSec).padStart(8)}`
    )
}

/** Prints the throughput of the emulator and of aedes, and the memory per connection. */
export async function benchEmulator(): Promise<void> {
    for (const transport of ["tcp", "tls"] as const) {
        const { moorage, aedes } = await benchPublish(transport)
        compare(`PUBLISH QoS 1, 200 bytes, 20 devices with 20 in flight, ${transport}`, moorage, aedes)
    }
    for (const transport of ["tcp", "tls"] as const) {
        const moorage = await benchRegister("moorage", transport)
        const aedes = await benchRegister("aedes", transport)
        compare(
            `Complete registrations, 50 concurrent, ${transport} (aedes: the same packets, echoed)`,
            moorage,
            aedes
        )
    }
    for (const [transport, count] of [
        ["tcp", HELD_CONNECTIONS],
        ["tls", HELD_CONNECTIONS],
    ] as const) {
        const { devices, rssKB, heapKB } = await benchConnectionMemory(transport, count)
        console.log(
            `${devices} connected devices, ${transport}: ${rssKB.toFixed(1)} KB of RSS per device, of which ${heapKB.toFixed(1)} KB are JavaScript heap`
        )
    }
}
