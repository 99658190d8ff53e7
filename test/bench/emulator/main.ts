import { benchHold } from "./hold.js"
import { benchPublish, type Rate } from "./publish.js"
import { benchRegister } from "./register.js"

const HELD = 10_000

function compare(title: string, ours: Rate, aedes: Rate): void {
    const row = (name: string, { perSec, perCpuSec }: Rate) =>
        `  ${name.padEnd(8)} ${Math.round(perSec).toString().padStart(8)} /s ${Math.round(perCpuSec).toString().padStart(8)} /s of CPU`
    console.log(title)
    console.log(row("ours", ours))
    console.log(row("aedes", aedes))
    const ratio = (of: (rate: Rate) => number) => (of(ours) / of(aedes)).toFixed(2)
    console.log(
        `  ratio    ${ratio(rate => rate.perSec).padStart(8)}    ${ratio(rate => rate.perCpuSec).padStart(8)}`
    )
}

/** Throughput of the emulator beside aedes, and the memory of a held connection. */
export async function benchEmulator(): Promise<void> {
    for (const transport of ["tcp", "tls"] as const) {
        const { ours, aedes } = await benchPublish(transport)
        compare(`PUBLISH QoS 1, 200 bytes, 20 devices with 20 in flight, ${transport}`, ours, aedes)
    }
    for (const transport of ["tcp", "tls"] as const) {
        const ours = await benchRegister("ours", transport)
        const aedes = await benchRegister("aedes", transport)
        compare(
            `Whole registrations, 50 at once, ${transport} (aedes: the same packets, echoed)`,
            ours,
            aedes
        )
    }
    for (const [transport, count] of [
        ["tcp", HELD],
        ["tls", HELD],
    ] as const) {
        const { devices, rssKB, heapKB } = await benchHold(transport, count)
        console.log(
            `${devices} connected devices, ${transport}: ${rssKB.toFixed(1)} KB of RSS each, ${heapKB.toFixed(1)} KB of it JavaScript heap`
        )
    }
}
