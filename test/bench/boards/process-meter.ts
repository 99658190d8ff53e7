// Measures CPU time and memory of this process.
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

function cpuMs(): number {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
}

/** Measures what this process uses for each of `count` items: CPU time per lap, and memory since the start. */
export class Meter {
    private readonly startBytes: number
    private lapMs: number

    constructor(private readonly count: number) {
        collectGarbage()
        this.startBytes = process.memoryUsage.rss()
        this.lapMs = cpuMs()
    }

    /** Returns CPU ms since the last lap and MB since the start, per item, after a garbage collection. */
    lap(): { ms: number; mb: number } {
        const ms = (cpuMs() - this.lapMs) / this.count
        collectGarbage()
        const mb = (process.memoryUsage.rss() - this.startBytes) / this.count / 1e6
        this.lapMs = cpuMs()
        return { ms, mb }
    }
}
