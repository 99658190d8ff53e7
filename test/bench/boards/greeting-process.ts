// Runs boards in a process of its own, one after another, each until the first log line of its program:
// `greeting-process.ts COUNT`.
import { ManualClock, seededRandom } from "@moorage/runtime"
import { Board, buildFirmware, memoryNetwork } from "@moorage/vm"
import { Meter } from "./process-meter.js"

const clock = new ManualClock()
const network = memoryNetwork({ clock, dial: () => undefined })
const { bytecode } = await buildFirmware("test/vm-suites/programs/vm-probe.ts")

/** Runs a board until its program logs a line. */
function runUntilFirstLine(name: string, gcStress: boolean): Board {
    let hasLogged = false
    const board = new Board({ id: name, bytecode, clock, network, random: seededRandom(1), gcStress })
    board.on("log", () => {
        hasLogged = true
    })
    board.powerOn()
    clock.advanceUntil(() => hasLogged, 60_000)
    return board
}

const count = Number(process.argv[2])
const held: Board[] = []

/** Returns CPU time and memory per board, for `count` further boards. */
function measureFurtherBoards(gcStress: boolean): { ms: number; mb: number } {
    const meter = new Meter(count)
    for (let i = 0; i < count; i++) held.push(runUntilFirstLine(`board-${held.length}`, gcStress))
    return meter.lap()
}

held.push(runUntilFirstLine("first", true))
process.send?.({ rss: process.memoryUsage.rss() })
process.send?.({ stressed: measureFurtherBoards(true), plain: measureFurtherBoards(false) })
