// The run with the largest memory use: names of maximum length, a method payload of 1,500 bytes, and a reprovisioning.
import { createWorld } from "./firmware-world.js"

const NAME_MAX = 128
const PAYLOAD_BYTES = 1500

/** Runs the worst case with a heap of `heapBytes`. Returns `ok` or a description of the problem. */
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

    function waitUntilMoored(): void {
        world.untilLogged(/^moored/, 60)
        world.advanceSec(15)
    }

    async function invoke(name: string): Promise<number> {
        const answer = world.cloud.hub(hub).invokeMethod(deviceId, name, { filler }, { timeoutMs: 4_000 })
        const settled = answer.then(
            result => result.status,
            () => 0
        )
        // Longer than the timeout of the call, so that the call has ended.
        world.advanceSec(5)
        return settled
    }

    try {
        world.board.powerOn()
        waitUntilMoored()
        world.board.powerOff()
        world.board.powerOn()
        waitUntilMoored()
        const other = await invoke("Other")
        const reprovision = invoke("Reprovision")
        waitUntilMoored()
        const statuses = `${other} ${await reprovision}`
        if (world.board.stats.panics === 0)
            return statuses === "404 202" ? "ok" : `methods answered ${statuses}`
    } catch (error) {
        if (world.board.stats.panics === 0) return (error as Error).message.split("\n")[0]
    }
    return `panic ${world.board.stats.panicCodes[0]}`
}
