// Runs `moorage board`.
import { describeEvent } from "@moorage/emulator"
import { EXIT_CODES } from "@moorage/errors"
import { DevBoard } from "@moorage/fleet/devboard"
import { realClock, realRandom, ScopedClock } from "@moorage/runtime"
import { createInterruptSignal } from "../interrupt.js"
import { type BoardCommand, execute, helpLines } from "./board-commands.js"
import { readCommands } from "./board-input.js"
import { type BoardCommandOptions, checkOptions } from "./board-options.js"
import { type BoardOutput, createBoardOutput } from "./board-output.js"
import { type BoardSetup, setUpBoard } from "./board-setup.js"
import { statusParts } from "./board-text.js"

const STATUS_MS = 500
/** Time limit of --until without --for. Without a limit, a script could wait forever. */
const UNTIL_SEC = 60
const BUILD_NOTE_MS = 2_000

/** Reason why the session ends. */
type SessionEnd = "quit" | "interrupted" | "time is up" | "moored"

/** Resolves with the first reason to end the session. */
class StopSignal {
    readonly ended: Promise<SessionEnd>
    private resolve: (end: SessionEnd) => void = () => undefined
    private reject: (error: Error) => void = () => undefined

    constructor() {
        this.ended = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }))
        // The signal may fail before anything awaits it.
        this.ended.catch(() => undefined)
    }

    readonly stop = (end: SessionEnd): void => this.resolve(end)
    readonly fail = (error: Error): void => this.reject(error)
}

/** Prints notes about the setup, and subscribes to the events of a built-in emulator. */
function printSetup({ id, profile, target, settings }: BoardSetup, output: BoardOutput): void {
    output.note(`${id}, board ${profile.name} (${profile.image}), connects to ${target.name}`)
    if (target.idScope !== undefined && target.idScope !== settings.ID_SCOPE)
        output.note(`the board has ID scope ${String(settings.ID_SCOPE)} instead of ${target.idScope}`)
    if (!target.emulator) return
    output.note(`fault commands: moorage fault list --admin http://127.0.0.1:${target.emulator.adminPort}`)
    target.emulator.cloud.onEvent(event => {
        const text = describeEvent(event)
        if (text !== undefined) output.print({ source: "cloud", kind: "cloud", text })
    })
}

/** Returns the function that executes the commands of the user. */
function createCommandHandler(
    devBoard: DevBoard,
    output: BoardOutput,
    signal: StopSignal
): (command: BoardCommand) => void {
    return command => {
        try {
            if (command.name === "quit") signal.stop("quit")
            else if (command.name === "help") helpLines().forEach(line => output.note(line))
            else if (command.name === "status") output.note(statusParts(devBoard.status).join(" | "))
            else execute(devBoard, command)
            output.showStatus(devBoard.status)
        } catch (error) {
            signal.fail(error as Error)
        }
    }
}

interface SessionControl {
    clock: ScopedClock
    signal: StopSignal
}

/** Runs the board until the session ends. */
async function runSession(
    setup: BoardSetup,
    options: BoardCommandOptions,
    { clock, signal }: SessionControl
): Promise<SessionEnd> {
    const output = createBoardOutput(clock, options.json)
    let close = (): void => undefined
    try {
        printSetup(setup, output)
        const devBoard = new DevBoard({
            ...setup,
            network: setup.target.createNetwork(setup.settings),
            clock,
            random: realRandom,
            onEvent: event => {
                output.print(event)
                if (options.until === "moored" && devBoard.hub !== undefined) signal.stop("moored")
            },
        })
        const stopReading = readCommands(createCommandHandler(devBoard, output, signal), text =>
            output.note(text)
        )
        close = () => {
            stopReading()
            devBoard.close()
        }
        const showStatus = () => {
            output.showStatus(devBoard.status)
            clock.after(STATUS_MS, showStatus)
        }
        if (options.power) devBoard.setPower(true)
        showStatus()
        const end = await signal.ended
        output.print({ source: "moorage", kind: "end", text: end })
        return end
    } finally {
        close()
        output.close()
        clock.end()
    }
}

function exitCodeOf(end: SessionEnd, { until }: BoardCommandOptions): number {
    if (until === undefined || end === "moored") return EXIT_CODES.done
    return end === "interrupted" ? EXIT_CODES.interrupted : EXIT_CODES.failed
}

/** Runs one board. @throws MoorageError */
export async function runBoard(options: BoardCommandOptions): Promise<void> {
    checkOptions(options)
    const signal = new StopSignal()
    const clock = new ScopedClock(realClock, signal.fail)
    createInterruptSignal().addEventListener("abort", () => signal.stop("interrupted"))
    const buildNote = realClock.after(BUILD_NOTE_MS, () => {
        if (process.stderr.isTTY) process.stderr.write("Building the firmware; this takes a few seconds.\n")
    })
    let setup: BoardSetup | undefined
    try {
        setup = await setUpBoard(options, signal.fail).finally(() => buildNote.cancel())
        const limitSec = options.for ?? (options.until === undefined ? undefined : UNTIL_SEC)
        if (limitSec !== undefined) clock.after(limitSec * 1000, () => signal.stop("time is up"))
        const end = await runSession(setup, options, { clock, signal })
        process.exitCode = exitCodeOf(end, options)
        if (process.exitCode === EXIT_CODES.failed) process.stderr.write(`The board did not moor (${end}).\n`)
    } finally {
        await setup?.target.close()
    }
}
