// Runs `moorage emulate`.
import { type Emulator, type EmulatorOptions, logCloud, startEmulator } from "@moorage/emulator"
import { EXIT_CODES, MoorageError } from "@moorage/errors"
import { GLOBAL_DEVICE_ENDPOINT } from "@moorage/protocol"
import { writeCaFile } from "./ca-file.js"
import { cardOf, cardText } from "./connection-card.js"
import { type EmulateOptions, emulatorOptions, FIXED } from "./emulate-options.js"

/** Loads the configuration schema only when a file is given, because the emulator starts faster without it. */
async function readOptionalConfig(file: string | undefined): Promise<EmulatorOptions> {
    if (file === undefined) return {}
    const { readConfig } = await import("./emulator-config.js")
    return readConfig(file)
}

function emulatorError(error: unknown): MoorageError {
    if (error instanceof MoorageError) return error
    return new MoorageError("EMULATOR_NOT_STARTED", (error as Error).message, { cause: error })
}

/** Returns lines for /etc/hosts. SDKs without a port option need these lines to find the emulator. */
function hostsNote(fixedPorts: boolean, hubNames: string[]): string[] {
    if (!fixedPorts) return []
    const lines = [`127.0.0.1 ${GLOBAL_DEVICE_ENDPOINT}`, ...hubNames.map(name => `${FIXED.hubs} ${name}`)]
    return ["", "Lines for /etc/hosts, for SDKs without a port option:", ...lines.map(line => `  ${line}`)]
}

/** Resolves at the first signal to stop. A second signal ends the process immediately. */
function stopSignal(): Promise<void> {
    return new Promise(resolve => {
        let isStopping = false
        for (const signal of ["SIGINT", "SIGTERM"] as const)
            process.on(signal, () => {
                if (isStopping) process.exit(EXIT_CODES.failed)
                isStopping = true
                resolve()
            })
    })
}

/**
 * Runs the emulator until a signal to stop.
 * @param isGiven returns whether the command line has the option
 * @throws MoorageError when the emulator cannot start or cannot store its state
 */
export async function emulate(options: EmulateOptions, isGiven: (name: string) => boolean): Promise<void> {
    const stopped = stopSignal()
    let onStateError: (error: Error) => void = () => undefined
    const failed = new Promise<never>((_, reject) => {
        onStateError = reject
    })
    const config = await readOptionalConfig(options.config)
    let emulator: Emulator
    try {
        emulator = await startEmulator({ ...emulatorOptions(config, options, isGiven), onStateError })
    } catch (error) {
        throw emulatorError(error)
    }
    let removeCaFile = (): void => undefined
    try {
        const { caFile, remove } = writeCaFile(emulator.ca, options.caFile)
        removeCaFile = () => void remove()
        await logCloud(emulator.cloud, options.log, options.logBodies)
        const card = cardOf(emulator, options.host, caFile, options.data)
        const note = hostsNote(options.fixedPorts, emulator.cloud.hubNames())
        process.stdout.write(options.json ? `${JSON.stringify(card)}\n` : cardText(card, note))
        await Promise.race([stopped, failed])
    } catch (error) {
        throw emulatorError(error)
    } finally {
        removeCaFile()
        await emulator.close()
    }
}
