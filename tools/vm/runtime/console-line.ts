// The runtime writes everything to one log (DMESG). This tells the program's
// own lines and its failures from the runtime's chatter.

/** What a line of the runtime's log is to a reader of the device's console. */
export interface ConsoleLine {
    level: "log" | "debug" | "warn" | "error"
    text: string
}

const LEVELS: Record<string, ConsoleLine["level"]> = { ">": "log", "?": "debug", "*": "warn", "!": "error" }

/** devsmgr and devicescript.c use console.warn's prefix for their own lines. */
const RUNTIME_LINE = /^\* (start: |stop program|DeviceScript |RESTART requested|connected to |would restart)/
/** Printed when the heap is exhausted; it has no prefix but belongs to the panic. */
const OUT_OF_MEMORY = /^(stats: \d+ objects|devs: OOM)/

/** The line as the console shows it, or undefined when it is the runtime's own business. */
export function consoleLine(dmesg: string): ConsoleLine | undefined {
    if (OUT_OF_MEMORY.test(dmesg)) return { level: "error", text: dmesg }
    const level = dmesg[1] === " " ? LEVELS[dmesg[0] as string] : undefined
    if (!level || RUNTIME_LINE.test(dmesg)) return undefined
    return { level, text: dmesg.slice(2) }
}

/** devsmgr says this each time it starts the stored program. */
export function isProgramStart(dmesg: string): boolean {
    return dmesg.startsWith("* start: ")
}

const PANICS: Record<number, string> = {
    60001: "ran 131072 opcodes without a pause (InfiniteLoop)",
    60004: "out of memory",
    60005: "uncaught exception",
    60006: "stack overflow",
}

/** What a panic code of the VM means (devicescript.h, DEVS_PANIC_*). */
export function panicMeaning(code: number): string {
    return PANICS[code] ?? `panic ${code}`
}
