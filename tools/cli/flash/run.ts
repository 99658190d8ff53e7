// Runs `moorage flash`.
import { esptoolArguments, imageToFlash } from "@moorage/fleet/manufacture"
import { createInterruptSignal } from "../interrupt.js"
import { runEsptool, shellLine } from "./run-esptool.js"

export interface FlashOptions {
    port: string
    dryRun: boolean
}

/** Checks an image against its manifest and flashes it. @throws MoorageError */
export async function flash(file: string, { port, dryRun }: FlashOptions): Promise<void> {
    const entry = imageToFlash(file)
    if (dryRun) {
        process.stdout.write(`${shellLine(["esptool", ...esptoolArguments(entry, file, port)])}\n`)
        return
    }
    await runEsptool({ entry, file, port }, createInterruptSignal())
    process.stdout.write(`${entry.registrationId} flashed on ${port}\n`)
}
