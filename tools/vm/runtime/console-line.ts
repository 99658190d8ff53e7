// Separates the lines and failures of the program from the other messages in the log of the runtime (DMESG).

/** A line of the program's console. */
export interface ConsoleLine {
    level: "log" | "debug" | "warn" | "error"
    text: string
}

const LEVELS: Record<string, ConsoleLine["level"]> = { ">": "log", "?": "debug", "*": "warn", "!": "error" }

/** Lines of devsmgr and devicescript.c. They have the prefix of console.warn. */
const RUNTIME_LINE = /^\* (start: |stop program|DeviceScript |RESTART requested|connected to |would restart)/
/** Lines about an exhausted heap. They have no prefix but belong to the panic. */
const OUT_OF_MEMORY = /^(stats: \d+ objects|devs: OOM)/

/** Returns a line of the log as the console shows it, or undefined for a message of the runtime. */
export function consoleLine(dmesg: string): ConsoleLine | undefined {
    if (OUT_OF_MEMORY.test(dmesg)) return { level: "error", text: dmesg }
    const level = dmesg[1] === " " ? LEVELS[dmesg[0] as string] : undefined
    if (!level || RUNTIME_LINE.test(dmesg)) return undefined
    return { level, text: dmesg.slice(2) }
}

/** Returns whether the line reports the start of the stored program (devsmgr). */
export function isProgramStart(dmesg: string): boolean {
    return dmesg.startsWith("* start: ")
}

const PANICS: Record<number, string> = {
    60001: "ran 131072 opcodes without a pause (InfiniteLoop)",
    60004: "out of memory",
    60005: "uncaught exception",
    60006: "stack overflow",
}

/** Returns the meaning of a panic code of the VM (devicescript.h, DEVS_PANIC_*). */
export function panicText(code: number): string {
    return PANICS[code] ?? `panic ${code}`
}
