// The heaviest life there is: the longest names, a 1,500-byte method payload, from blank to reprovisioned.
import { createWorld } from "./firmware-world.js"

const NAME_MAX = 128
const PAYLOAD_BYTES = 1500

/** Runs it on a heap of that size; returns how it ended: `ok`, or what went wrong. */
export async function runWorstCase(
    image: "main" | "maintight",
    heapBytes: number,
    gcStress = false
): Promise<string> {
    const suffix = ".azure-devices.net"
    const hub = "h".repeat(NAME_MAX - suffix.length) + suffix
    const deviceId = "d".repeat(NAME_MAX)
    const world = await createWorld({
        image,
        hubs: [hub],
        registrationId: "r".repeat(NAME_MAX),
        deviceId,
        heapBytes,
        gcStress,
    })
    const filler = "x".repeat(PAYLOAD_BYTES - '{"filler":""}'.length)

    function moored(): void {
        world.untilLogged(/^moored/, 60)
        world.advanceSec(15)
    }

    async function invoke(name: string): Promise<number> {
        const answer = world.cloud.hub(hub).invokeMethod(deviceId, name, { filler }, { timeoutMs: 4_000 })
        const settled = answer.then(
            result => result.status,
            () => 0
        )
        // Past the call's own limit: it is settled then, one way or the other.
        world.advanceSec(5)
        return settled
    }

    try {
        world.board.powerOn()
        moored()
        world.board.powerOff()
        world.board.powerOn()
        moored()
        const other = await invoke("Other")
        const reprovision = invoke("Reprovision")
        moored()
        const statuses = `${other} ${await reprovision}`
        if (world.board.stats.panics === 0)
            return statuses === "404 202" ? "ok" : `methods answered ${statuses}`
    } catch (error) {
        if (world.board.stats.panics === 0) return (error as Error).message.split("\n")[0]
    }
    return `panic ${world.board.stats.panicCodes[0]}`
}
