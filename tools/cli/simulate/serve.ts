// A simulated fleet that lives on after its run, in real time, so that the other commands can be tried on it.
import { type Cloud, listen } from "@moorage/emulator"
import { makeAuthority } from "@moorage/emulator"
import { realClock } from "@moorage/runtime"
import { writeCa } from "../emulate/ca-file.js"
import { cardOf } from "../emulate/connection-card.js"
import { OWNER_ONLY, writeOutputFile } from "../output-files.js"

const HOST = "127.0.0.1"
/** How often the fleet's time is brought up to ours. */
const STEP_MS = 50

/** What lives on: `continueFor` lets its time pass. */
interface Living {
    cloud: Cloud
    continueFor(ms: number): void
}

/**
 * Serves the fleet's DPS and hubs on free ports until `signal`, and writes how to reach them.
 * @param cardFile gets the card, as of `moorage emulate --json`: a profile for the other commands
 * @throws UserError when the card cannot be written
 */
export async function live(fleet: Living, cardFile: string, signal: AbortSignal): Promise<void> {
    const authority = await makeAuthority(realClock.nowMs(), fleet.cloud.hubNames())
    const servers = await listen(fleet.cloud, { host: HOST, authority })
    const { caFile, remove } = writeCa(servers.ca)
    try {
        const card = cardOf({ cloud: fleet.cloud, ...servers }, HOST, caFile)
        writeOutputFile(cardFile, JSON.stringify(card), OWNER_ONLY)
        process.stderr.write(
            `The fleet lives on, in real time, until Ctrl-C: --profile ${cardFile} finds it.\n`
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
