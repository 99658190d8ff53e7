// What `moorage board` does.
import { describeEvent } from "@moorage/emulator"
import { DevBoard, DevBoardError } from "@moorage/fleet/devboard"
import { realClock, realRandom, ScopedClock } from "@moorage/runtime"
import { VmError } from "@moorage/vm"
import { FAILED, UserError } from "../user-error.js"
import { INTERRUPTED, interruption } from "../interrupt.js"
import { type BoardCommand, helpLines, execute } from "./board-commands.js"
import { listen } from "./board-input.js"
import { checkOptions, type BoardCommandOptions } from "./board-options.js"
import { type BoardSetup, setUpBoard } from "./board-setup.js"
import { statusParts } from "./board-text.js"
import { createBoardOutput, type BoardOutput } from "./board-output.js"

const STATUS_MS = 500
/** With --until a wait without an end would hang a script. */
const UNTIL_SEC = 60
const BUILD_NOTE_MS = 2_000

/** Why the board is left. */
type End = "quit" | "interrupted" | "time is up" | "moored"

/** How the first thing that ends it is waited for. */
class StopSignal {
    readonly reached: Promise<End>
    private resolve: (end: End) => void = () => undefined
    private reject: (error: Error) => void = () => undefined

    constructor() {
        this.reached = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }))
        // It may fail before anybody waits.
        this.reached.catch(() => undefined)
    }

    readonly by = (end: End): void => this.resolve(end)
    readonly failed = (error: Error): void => this.reject(error)
}

/** What is said of the setup before the board has power, and what its cloud does later. */
function introduce({ id, profile, shore, settings }: BoardSetup, voice: BoardOutput): void {
    voice.note(`${id}, a ${profile.name} (${profile.image}), against ${shore.name}`)
    if (shore.idScope !== undefined && shore.idScope !== settings.ID_SCOPE)
        voice.note(`the board is of ID scope ${String(settings.ID_SCOPE)}, and not of ${shore.idScope}`)
    if (!shore.emulator) return
    voice.note(`its faults: moorage fault list --admin http://127.0.0.1:${shore.emulator.adminPort}`)
    shore.emulator.cloud.onEvent(event => {
        const text = describeEvent(event)
        if (text !== undefined) voice.tell({ source: "cloud", kind: "cloud", text })
    })
}

/** What does a person's wishes. */
function createCommandHandler(
    desk: DevBoard,
    voice: BoardOutput,
    ending: StopSignal
): (wish: BoardCommand) => void {
    return wish => {
        try {
            if (wish.name === "quit") ending.by("quit")
            else if (wish.name === "help") helpLines().forEach(line => voice.note(line))
            else if (wish.name === "status") voice.note(statusParts(desk.status).join(" | "))
            else execute(desk, wish)
            voice.show(desk.status)
        } catch (error) {
            ending.failed(error as Error)
        }
    }
}

/** Runs the board until something ends it. */
async function runSession(
    setup: BoardSetup,
    options: BoardCommandOptions,
    clock: ScopedClock,
    ending: StopSignal
): Promise<End> {
    const voice = createBoardOutput(clock, options.json)
    let close = (): void => undefined
    try {
        introduce(setup, voice)
        const desk = new DevBoard({
            ...setup,
            network: setup.shore.createNetwork(setup.settings),
            clock,
            random: realRandom,
            onEvent: event => {
                voice.tell(event)
                if (options.until === "moored" && desk.hub !== undefined) ending.by("moored")
            },
        })
        const stopListening = listen(createCommandHandler(desk, voice, ending), text => voice.note(text))
        close = () => {
            stopListening()
            desk.close()
        }
        const show = () => {
            voice.show(desk.status)
            clock.after(STATUS_MS, show)
        }
        if (options.power) desk.setPower(true)
        show()
        const end = await ending.reached
        voice.tell({ source: "moorage", kind: "end", text: end })
        return end
    } finally {
        close()
        voice.close()
        clock.end()
    }
}

function exitCodeOf(end: End, { until }: BoardCommandOptions): number {
    if (until === undefined || end === "moored") return 0
    return end === "interrupted" ? INTERRUPTED : FAILED
}

/** Runs one board. @throws UserError */
export async function board(options: BoardCommandOptions): Promise<void> {
    checkOptions(options)
    const ending = new StopSignal()
    const clock = new ScopedClock(realClock, ending.failed)
    const stop = interruption()
    stop.addEventListener("abort", () => ending.by("interrupted"))
    const building = realClock.after(BUILD_NOTE_MS, () => {
        if (process.stderr.isTTY) process.stderr.write("Building the firmware, which takes some seconds.\n")
    })
    let setup: BoardSetup | undefined
    try {
        setup = await setUpBoard(options, ending.failed).finally(() => building.cancel())
        const limitSec = options.for ?? (options.until === undefined ? undefined : UNTIL_SEC)
        if (limitSec !== undefined) clock.after(limitSec * 1000, () => ending.by("time is up"))
        const end = await runSession(setup, options, clock, ending)
        process.exitCode = exitCodeOf(end, options)
        if (process.exitCode === FAILED) process.stderr.write(`The board did not moor: ${end}.\n`)
    } catch (error) {
        if (error instanceof VmError || error instanceof DevBoardError)
            throw new UserError(error.message, FAILED, { cause: error })
        throw error
    } finally {
        await setup?.shore.close()
    }
}
