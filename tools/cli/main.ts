import { createRequire } from "node:module"
import { DocumentError } from "@moorage/files"
import { Command, CommanderError } from "commander"
import { addBoard } from "./board/command.js"
import { addCompletion } from "./completion/command.js"
import { addDoctor } from "./doctor/command.js"
import { addEmulate } from "./emulate/command.js"
import { addFault } from "./fault/command.js"
import { addFlash } from "./flash/command.js"
import { addKeys } from "./keys/command.js"
import { addManufacture } from "./manufacture/command.js"
import { addMonitor } from "./monitor/command.js"
import { addReplay } from "./replay/command.js"
import { addReprovision } from "./reprovision/command.js"
import { addRollout } from "./rollout/command.js"
import { addSimulate } from "./simulate/command.js"
import { UserError, WRONG_USAGE } from "./user-error.js"
import { watchOutput } from "./output-lost.js"

const { version } = createRequire(import.meta.url)("./package.json") as { version: string }

/** All commands, none of them run. */
export function newProgram(): Command {
    const program = new Command("moorage")
        .description("Brings a fleet of ESP32 boards onto Azure IoT Hub, and proves it first.")
        .version(version)
        .exitOverride()
        .showHelpAfterError("(--help tells more)")
    for (const add of [
        addEmulate,
        addFault,
        addSimulate,
        addReplay,
        addBoard,
        addKeys,
        addManufacture,
        addFlash,
        addMonitor,
        addReprovision,
        addDoctor,
        addRollout,
        addCompletion,
    ])
        add(program)
    return program
}

/** Runs the command line; sets the exit code: 0 fine, 1 failed, 2 wrong usage. */
export async function main(argv: string[]): Promise<void> {
    watchOutput()
    try {
        await newProgram().parseAsync(argv)
    } catch (error) {
        if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE
        else if (error instanceof UserError) {
            process.stderr.write(`${error.message}\n`)
            process.exitCode = error.exitCode
        } else if (error instanceof DocumentError) {
            process.stderr.write(`${error.message}\n`)
            process.exitCode = WRONG_USAGE
        } else throw error
    }
}
