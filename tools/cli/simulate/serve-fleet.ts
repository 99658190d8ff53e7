// Continues a simulated fleet in real time after its run, so that other commands can connect to its cloud.
import { type Cloud, listen, makeAuthority } from "@moorage/emulator"
import { realClock } from "@moorage/runtime"
import { writeCaFile } from "../emulate/ca-file.js"
import { cardOf } from "../emulate/connection-card.js"
import { OWNER_ONLY, writeOutputFile } from "../output-files.js"

const HOST = "127.0.0.1"
/** Interval at which the virtual time follows the real time. */
const STEP_MS = 50

/** A fleet that can continue after its run. */
interface ContinuableFleet {
    cloud: Cloud
    continueFor(ms: number): void
}

/**
 * Serves the fleet's DPS and hubs on free ports until `signal` is aborted.
 * @param cardFile output file for the connection card, a profile for the other commands
 * @throws MoorageError FILE_NOT_WRITABLE
 */
export async function serveFleet(
    fleet: ContinuableFleet,
    cardFile: string,
    signal: AbortSignal
): Promise<void> {
    const authority = await makeAuthority(realClock.nowMs(), fleet.cloud.hubNames())
    const servers = await listen(fleet.cloud, { host: HOST, authority })
    const { caFile, remove } = writeCaFile(servers.ca)
    try {
        const card = cardOf({ cloud: fleet.cloud, ...servers }, HOST, caFile)
        writeOutputFile(cardFile, JSON.stringify(card), OWNER_ONLY)
        process.stderr.write(
            `The fleet continues in real time until Ctrl-C. Connect to it with --profile ${cardFile}.\n`
        )
        let lastMs = realClock.nowMs()
        while (!signal.aborted) {
            await new Promise<void>(done => void realClock.after(STEP_MS, done))
            const nowMs = realClock.nowMs()
            fleet.continueFor(nowMs - lastMs)
            lastMs = nowMs
        }
    } finally {
        remove()
        await servers.close()
    }
}
