// Runs esptool for `moorage flash` and for `moorage manufacture --scan`.
import { spawn } from "node:child_process"
import { EXIT_CODES, MoorageError } from "@moorage/errors"
import { ESPTOOL_CURE, ESPTOOL_NAMES, esptoolArguments, type ManifestEntry } from "@moorage/fleet/manufacture"

/** Returns a command line with the quotes that a POSIX shell needs. */
export function shellLine(words: string[]): string {
    return words
        .map(word => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
        .join(" ")
}

/** Returns the exit code of esptool; undefined when there is no such command. Its output goes to the standard error. */
function runTool(name: string, args: string[], stop: AbortSignal): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
        const child = spawn(name, args, { stdio: ["ignore", 2, 2] })
        const interrupt = () => void child.kill("SIGINT")
        stop.addEventListener("abort", interrupt)
        child.on("close", () => stop.removeEventListener("abort", interrupt))
        child.on("error", error =>
            (error as NodeJS.ErrnoException).code === "ENOENT" ? resolve(undefined) : reject(error)
        )
        child.on("close", code => resolve(code ?? EXIT_CODES.failed))
    })
}

export interface FlashJob {
    entry: ManifestEntry
    /** Image file. */
    file: string
    /** Serial port. */
    port: string
}

/** Writes an image to a board. @throws MoorageError ESPTOOL_FAILED or INTERRUPTED */
export async function runEsptool({ entry, file, port }: FlashJob, stop: AbortSignal): Promise<void> {
    const args = esptoolArguments(entry, file, port)
    for (const name of ESPTOOL_NAMES) {
        const code = await runTool(name, args, stop)
        if (code === undefined) continue
        if (stop.aborted)
            throw new MoorageError(
                "INTERRUPTED",
                `Interrupted: ${entry.registrationId} may be partly flashed.`,
                {
                    cure: "Flash the board again.",
                }
            )
        if (code === 0) return
        throw new MoorageError(
            "ESPTOOL_FAILED",
            `esptool ended with exit code ${code}: ${entry.registrationId} is not flashed.`,
            {
                cure: `Check that the board is on ${port} and in its bootloader, and that no other program uses the port.`,
            }
        )
    }
    throw new MoorageError("ESPTOOL_FAILED", "esptool is missing.", { cure: `${ESPTOOL_CURE}.` })
}
