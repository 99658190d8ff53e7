import { createRequire } from "node:module"
import { DocumentError } from "@moorage/document"
import { Command, CommanderError } from "commander"
import { addBoard } from "./commands/board.js"
import { addCompletion } from "./commands/completion.js"
import { addDoctor } from "./commands/doctor.js"
import { addEmulate } from "./commands/emulate.js"
import { addFault } from "./commands/fault.js"
import { addFlash } from "./commands/flash.js"
import { addKeys } from "./commands/keys.js"
import { addManufacture } from "./commands/manufacture.js"
import { addMonitor } from "./commands/monitor.js"
import { addReplay } from "./commands/replay.js"
import { addReprovision } from "./commands/reprovision.js"
import { addRollout } from "./commands/rollout.js"
import { addSimulate } from "./commands/simulate.js"
import { UserError, WRONG_USAGE } from "./fail.js"
import { watchOutput } from "./output.js"

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
