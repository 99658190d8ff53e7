// Boards in a process of its own, one after the other, each until its program's first line: `greeting.ts COUNT`.
import { ManualClock, seededRandom } from "@moorage/time"
import { Board, buildFirmware, memoryNetwork } from "@moorage/vm"
import { Meter } from "./meter.js"

const clock = new ManualClock()
const network = memoryNetwork({ clock, dial: () => undefined })
const { bytecode } = await buildFirmware("test/device/programs/vm_probe.ts")

function greet(name: string): Board {
    let greeted = false
    const board = new Board({ id: name, bytecode, clock, network, random: seededRandom(1), gcStress: true })
    board.on("log", () => {
        greeted = true
    })
    board.powerOn()
    clock.advanceUntil(() => greeted, 60_000)
    return board
}

greet("first")
process.send?.({ rss: process.memoryUsage.rss() })
const count = Number(process.argv[2])
const meter = new Meter(count)
const boards = Array.from({ length: count }, (_, i) => greet(`board-${i}`))
process.send?.({ boards: boards.length, ...meter.lap() })
