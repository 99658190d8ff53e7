import type { Board } from "./board.js"

/** What a person beside a board would notice, as a line. */
export interface BoardLogEntry {
    kind: "log" | "power" | "reset" | "panic"
    text: string
}

/** Calls `tell` at each. */
export function subscribeBoardLog(board: Board, tell: (happening: BoardLogEntry) => void): void {
    board.on("log", text => tell({ kind: "log", text }))
    board.on("powerOn", () => tell({ kind: "power", text: "power on" }))
    board.on("powerOff", () => tell({ kind: "power", text: "power cut" }))
    board.on("reset", ({ reason }) => tell({ kind: "reset", text: `reset (${reason})` }))
    board.on("panic", ({ code, message }) => {
        const then = code === "abort" ? "the chip reboots" : "the runtime starts the program again in 5 s"
        tell({ kind: "panic", text: `PANIC ${code}: ${message}; ${then}` })
    })
}
