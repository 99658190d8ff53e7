// The heaviest life there is: the longest names, a 1,500-byte method payload, from blank to reprovisioned.
import { moor } from "./moor.js"

const NAME_MAX = 128
const PAYLOAD_BYTES = 1500

/** Runs it on a heap of that size; returns how it ended: `ok`, or what went wrong. */
export async function worstCase(
    image: "main" | "maintight",
    heapBytes: number,
    gcStress = false
): Promise<string> {
    const suffix = ".azure-devices.net"
    const hub = "h".repeat(NAME_MAX - suffix.length) + suffix
    const deviceId = "d".repeat(NAME_MAX)
    const world = await moor({
        image,
        hubs: [hub],
        registrationId: "r".repeat(NAME_MAX),
        deviceId,
        heapBytes,
        gcStress,
    })
    const filler = "x".repeat(PAYLOAD_BYTES - '{"filler":""}'.length)

    function moored(): void {
        world.until(/^moored/, 60)
        world.pass(15)
    }

    async function invoke(name: string): Promise<number> {
        const answer = world.cloud.hub(hub).invokeMethod(deviceId, name, { filler }, { timeoutMs: 20_000 })
        const settled = answer.then(
            result => result.status,
            () => 0
        )
        world.pass(5)
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
        if (other !== 404 || (await reprovision) !== 202)
            return `methods answered ${other}, ${await reprovision}`
    } catch (error) {
        return (error as Error).message.split("\n")[0]
    }
    const { panics, panicCodes } = world.board.stats
    return panics === 0 ? "ok" : `panic ${panicCodes.join(", ")}`
}
