// What `moorage flash` does, and the run of esptool that `moorage manufacture --scan` shares.
import { spawn } from "node:child_process"
import { ESPTOOL_CURE, ESPTOOL_NAMES } from "@moorage/fleet/manufacture"
import { esptoolArguments, imageToFlash, type ManifestEntry } from "@moorage/fleet/manufacture"
import { FAILED, UserError } from "../user-error.js"
import { INTERRUPTED, interruption } from "../interrupt.js"

export interface FlashOptions {
    port: string
    dryRun: boolean
}

/** A command line as a shell takes it. */
export function shellLine(words: string[]): string {
    return words
        .map(word => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
        .join(" ")
}

/** esptool's exit code, or undefined when there is no such command. Its own output goes to the standard error. */
function runTool(name: string, args: string[], stop: AbortSignal): Promise<number | undefined> {
    return new Promise((done, fail) => {
        const child = spawn(name, args, { stdio: ["ignore", 2, 2] })
        const end = () => void child.kill("SIGINT")
        stop.addEventListener("abort", end)
        child.on("close", () => stop.removeEventListener("abort", end))
        child.on("error", error =>
            (error as NodeJS.ErrnoException).code === "ENOENT" ? done(undefined) : fail(error)
        )
        child.on("close", code => done(code ?? FAILED))
    })
}

/** Writes an image to a board. @throws UserError when esptool is missing, fails, or is stopped */
export async function runEsptool(
    entry: ManifestEntry,
    file: string,
    port: string,
    stop: AbortSignal
): Promise<void> {
    const args = esptoolArguments(entry, file, port)
    for (const name of ESPTOOL_NAMES) {
        const code = await runTool(name, args, stop)
        if (code === undefined) continue
        if (stop.aborted)
            throw new UserError(
                `Interrupted: ${entry.registrationId} may be flashed in part. Flash it again.`,
                INTERRUPTED
            )
        if (code === 0) return
        throw new UserError(
            `esptool ended with ${code}: ${entry.registrationId} is not flashed. Is the board on ${port}, in its bootloader, and no other program on that port?`
        )
    }
    throw new UserError(`esptool is missing: ${ESPTOOL_CURE}.`)
}

/** Checks an image against its manifest and flashes it. @throws UserError */
export async function flash(file: string, { port, dryRun }: FlashOptions): Promise<void> {
    let entry: ManifestEntry
    try {
        entry = imageToFlash(file)
    } catch (error) {
        throw new UserError((error as Error).message, FAILED, { cause: error })
    }
    if (dryRun) {
        process.stdout.write(`${shellLine(["esptool", ...esptoolArguments(entry, file, port)])}\n`)
        return
    }
    await runEsptool(entry, file, port, interruption())
    process.stdout.write(`${entry.registrationId} flashed on ${port}\n`)
}
