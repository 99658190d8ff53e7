import { ManualClock, seededRandom } from "@moorage/runtime"
import { Board } from "../board.js"
import type { ConsoleLine } from "../runtime/console-line.js"
import { VmError } from "../vm-error.js"
import { type BuildOptions, buildFirmware } from "./build-firmware.js"
import { memoryNetwork } from "../network/memory-network.js"
import type { Network } from "../network/network.js"

/** Longest virtual time of a suite. A suite that hangs ends after this time. */
const VIRTUAL_TIME_MAX_MS = 600_000

export interface VmSuiteOptions extends BuildOptions {
    heapBytes?: number
    /** Collects garbage before each allocation, as `devs run --test` does (default: true). */
    gcStress?: boolean
    settings?: Record<string, unknown>
    /** Network of the board (default: no host answers). */
    network?: (clock: ManualClock) => Network
    clock?: ManualClock
}

export interface VmSuiteResult {
    total: number
    passed: number
    /** The failed tests, each with the lines that it printed. */
    failures: { name: string; output: string[] }[]
    heapPeakBytes: number
    log: string[]
}

/**
 * Builds a suite written with @devicescript/test and runs it in a {@link Board} on a clock of its own.
 * @throws VmError `test` when the suite does not finish, or runs no test; VmError `build`
 */
export async function runVmSuite(entry: string, options: VmSuiteOptions = {}): Promise<VmSuiteResult> {
    const { bytecode } = await buildFirmware(entry, options)
    const clock = options.clock ?? new ManualClock()
    const report = new SuiteReport()
    let hasEnded = false
    const board = new Board({
        id: entry,
        bytecode,
        settings: options.settings,
        heapBytes: options.heapBytes,
        gcStress: options.gcStress ?? true,
        log: (text, level) => {
            if (!hasEnded) report.line({ level, text })
        },
        clock,
        random: seededRandom(1),
        network:
            options.network?.(clock) ??
            memoryNetwork({ clock, answer: () => "connect", dial: () => undefined }),
    })
    board.on("dmesg", line => {
        if (line.startsWith("* RESTART requested")) hasEnded = true
    })
    board.on("panic", () => {
        hasEnded = true
    })
    board.powerOn()
    clock.advanceUntil(() => hasEnded, VIRTUAL_TIME_MAX_MS)
    board.powerOff()
    return report.result(entry, board.stats.heapPeakBytes)
}

/** Parses the output of @devicescript/test: suite names without indent, test names indented by two spaces, test output. */
class SuiteReport {
    private readonly log: string[] = []
    private readonly failures: VmSuiteResult["failures"] = []
    private suite = ""
    private test: { name: string; output: string[]; failed: boolean } | undefined
    private totals: { total: number; passed: number; errors: number } | undefined

    line({ level, text }: ConsoleLine): void {
        this.log.push(text)
        const totals = /^tests: (\d+), pass: (\d+), error: (\d+)$/.exec(text)
        if (totals) {
            this.totals = { total: Number(totals[1]), passed: Number(totals[2]), errors: Number(totals[3]) }
            return
        }
        if (level === "log" && /^ {2}\S/.test(text)) {
            this.test = { name: `${this.suite} > ${text.trim()}`, output: [], failed: false }
        } else if (level === "log" && /^\S/.test(text) && !this.test?.failed) {
            this.suite = text
        }
        if (level === "warn" || level === "error") this.addWarning(text)
    }

    /** An exception that the suite prints is a failed test. Other warnings can come from a test that passes. */
    private addWarning(text: string): void {
        if (!this.test || this.totals) return
        if (!this.test.failed && text.startsWith("Exception: ")) {
            this.test.failed = true
            this.failures.push(this.test)
        }
        this.test.output.push(text)
    }

    result(entry: string, heapPeakBytes: number): VmSuiteResult {
        const { totals, log } = this
        const tail = log.slice(-30).join("\n")
        if (!totals) throw new VmError("test", `${entry} did not finish. Its last lines:\n${tail}`)
        if (totals.total === 0) throw new VmError("test", `${entry} ran no test. Its last lines:\n${tail}`)
        const failures = this.failures.slice(0, totals.errors).map(({ name, output }) => ({ name, output }))
        // A failed test that printed nothing is still reported.
        while (failures.length < totals.errors)
            failures.push({ name: "(a test that printed nothing)", output: [] })
        return { total: totals.total, passed: totals.passed, failures, heapPeakBytes, log }
    }
}
