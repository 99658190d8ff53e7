// Boards in a process of its own, one after the other, each until its program's first line: `greeting.ts COUNT`.
import { ManualClock, seededRandom } from "@moorage/runtime"
import { Board, buildFirmware, memoryNetwork } from "@moorage/vm"
import { Meter } from "./meter.js"

const clock = new ManualClock()
const network = memoryNetwork({ clock, dial: () => undefined })
const { bytecode } = await buildFirmware("test/vm-suites/programs/vm-probe.ts")

function greet(name: string, gcStress: boolean): Board {
    let greeted = false
    const board = new Board({ id: name, bytecode, clock, network, random: seededRandom(1), gcStress })
    board.on("log", () => {
        greeted = true
    })
    board.powerOn()
    clock.advanceUntil(() => greeted, 60_000)
    return board
}

const count = Number(process.argv[2])
const held: Board[] = []

/** CPU time and memory of each of `count` further boards. */
function further(gcStress: boolean): { ms: number; mb: number } {
    const meter = new Meter(count)
    for (let i = 0; i < count; i++) held.push(greet(`board-${held.length}`, gcStress))
    return meter.lap()
}

held.push(greet("first", true))
process.send?.({ rss: process.memoryUsage.rss() })
process.send?.({ stressed: further(true), plain: further(false) })
