import { ManualClock, seededRandom } from "@moorage/runtime"
import { Board } from "../board.js"
import type { ConsoleLine } from "../runtime/console-line.js"
import { VmError } from "../vm-error.js"
import { type BuildOptions, buildFirmware } from "./build-firmware.js"
import { memoryNetwork } from "../network/memory-network.js"
import type { Network } from "../network/network.js"

/** Virtual time that a suite may take; a stuck one ends here, at once in real time. */
const LIMIT_MS = 600_000

export interface DeviceTestOptions extends BuildOptions {
    heapBytes?: number
    /** GC before each allocation, as `devs run --test` has it. On unless false. */
    gcStress?: boolean
    settings?: Record<string, unknown>
    /** Nothing answers unless given. */
    network?: (clock: ManualClock) => Network
    clock?: ManualClock
}

export interface DeviceTestResult {
    total: number
    passed: number
    /** The tests that failed, each with what it printed. */
    failures: { name: string; output: string[] }[]
    heapPeakBytes: number
    log: string[]
}

/**
 * Builds a suite written with @devicescript/test and runs it in a {@link Board}
 * on its own clock.
 * @throws VmError `test` when the suite does not come to its end, or runs no test
 */
export async function runDeviceTest(
    entry: string,
    options: DeviceTestOptions = {}
): Promise<DeviceTestResult> {
    const { bytecode } = await buildFirmware(entry, options)
    const clock = options.clock ?? new ManualClock()
    const report = new SuiteReport()
    let ended = false
    const board = new Board({
        id: entry,
        bytecode,
        settings: options.settings,
        heapBytes: options.heapBytes,
        gcStress: options.gcStress ?? true,
        log: (text, level) => {
            if (!ended) report.line({ level, text })
        },
        clock,
        random: seededRandom(1),
        network:
            options.network?.(clock) ??
            memoryNetwork({ clock, answer: () => "connect", dial: () => undefined }),
    })
    board.on("dmesg", line => {
        if (line.startsWith("* RESTART requested")) ended = true
    })
    board.on("panic", () => {
        ended = true
    })
    board.powerOn()
    clock.advanceUntil(() => ended, LIMIT_MS)
    board.powerOff()
    return report.result(entry, board.stats.heapPeakBytes)
}

/** Reads what @devicescript/test prints: suites at the margin, tests by two blanks, then their output. */
class SuiteReport {
    private readonly log: string[] = []
    private readonly failures: DeviceTestResult["failures"] = []
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
        if (level === "warn" || level === "error") this.complaint(text)
    }

    /** A test fails by an exception, which the suite prints; other warnings may come from one that passes. */
    private complaint(text: string): void {
        if (!this.test || this.totals) return
        if (!this.test.failed && text.startsWith("Exception: ")) {
            this.test.failed = true
            this.failures.push(this.test)
        }
        this.test.output.push(text)
    }

    result(entry: string, heapPeakBytes: number): DeviceTestResult {
        const { totals, log } = this
        const tail = log.slice(-30).join("\n")
        if (!totals) throw new VmError("test", `${entry} did not come to its end. It printed last:\n${tail}`)
        if (totals.total === 0) throw new VmError("test", `${entry} ran no test. It printed:\n${tail}`)
        const failures = this.failures.slice(0, totals.errors).map(({ name, output }) => ({ name, output }))
        // A failure that printed nothing must still be one.
        while (failures.length < totals.errors)
            failures.push({ name: "(a test that printed nothing)", output: [] })
        return { total: totals.total, passed: totals.passed, failures, heapPeakBytes, log }
    }
}
