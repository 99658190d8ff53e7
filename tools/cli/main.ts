import { createRequire } from "node:module"
import { Command } from "commander"
import { addBoard } from "./board/command.js"
import { optionDescription } from "./command-tree.js"
import { addCompletion } from "./completion/command.js"
import { addDemo } from "./demo/command.js"
import { addDoctor } from "./doctor/command.js"
import { addEmulate } from "./emulate/command.js"
import { addFault } from "./fault/command.js"
import { addFlash } from "./flash/command.js"
import { addKeys } from "./keys/command.js"
import { addManufacture } from "./manufacture/command.js"
import { addMonitor } from "./monitor/command.js"
import { watchOutput } from "./output-lost.js"
import { addReplay } from "./replay/command.js"
import { reportError, wantsJson } from "./report-error.js"
import { addReprovision } from "./reprovision/command.js"
import { addRollout } from "./rollout/command.js"
import { addSimulate } from "./simulate/command.js"

const { version } = createRequire(import.meta.url)("./package.json") as { version: string }

/** Returns the program with all commands, without running a command. */
export function newProgram(): Command {
    const program = new Command("moorage")
        .description("Tests a fleet of ESP32 boards in simulation, and connects it to Azure IoT Hub.")
        .version(version)
        .exitOverride()
        .showHelpAfterError("(add --help for details)")
        .configureHelp({ optionDescription })
    for (const add of [
        addDemo,
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

/** Runs the command line and sets the exit code (EXIT_CODES of @moorage/errors). */
export async function main(argv: string[]): Promise<void> {
    const isJson = wantsJson(argv)
    watchOutput()
    process.on("uncaughtException", error => {
        reportError(error, isJson)
        process.exit()
    })
    try {
        await newProgram().parseAsync(argv)
    } catch (error) {
        reportError(error, isJson)
    }
}
