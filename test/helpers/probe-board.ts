// A board with the probe program, which does what its setting `mode` says.
import type { Link } from "@moorage/runtime"
import { ManualClock, seededRandom } from "@moorage/runtime"
import {
    Board,
    type BoardOptions,
    type DialAnswer,
    type Network,
    buildFirmware,
    memoryNetwork,
} from "@moorage/vm"

export interface ProbeBoard {
    board: Board
    clock: ManualClock
    /** The console output of the program. */
    log: string[]
    network: Network
    /** The peers' ends of the board's connections, in order. */
    peers: Link[]
    /** Advances the clock until the console shows `text`. @throws Error after one virtual minute */
    until(text: string): void
}

export interface ProbeBoardOptions extends Partial<BoardOptions> {
    seed?: number
    answer?: () => DialAnswer
    latencyMs?: number
}

/** Returns a board with the probe program (test/vm-suites/programs/vm-probe.ts) and its own clock. The board is off. */
export async function createProbeBoard(
    mode: string,
    settings: Record<string, unknown> = {},
    options: ProbeBoardOptions = {}
): Promise<ProbeBoard> {
    const { bytecode } = await buildFirmware("test/vm-suites/programs/vm-probe.ts")
    const clock = new ManualClock()
    const peers: Link[] = []
    const log: string[] = []
    const { seed = 1, answer, latencyMs, ...given } = options
    const network = memoryNetwork({ clock, answer, latencyMs, dial: (_, link) => void peers.push(link) })
    const board = new Board({
        id: "probe",
        bytecode,
        settings: { mode, ...settings },
        clock,
        random: seededRandom(seed),
        network,
        log: line => void log.push(line),
        ...given,
    })
    const until = (text: string) => {
        const shown = () => log.some(line => line.includes(text))
        if (!clock.advanceUntil(shown, 60_000))
            throw new Error(`The console does not show "${text}":\n${log.join("\n")}`)
    }
    return { board, clock, log, network, peers, until }
}

export const TCP_PEER = { host: "peer.test", port: 1883, proto: "tcp" }
export const TLS_PEER = { host: "peer.test", port: 8883, proto: "tls" }
