import type { Board } from "./board.js"

/** One event of a board as a line of text, for a user who watches the board. */
export interface BoardLogEntry {
    kind: "log" | "power" | "reset" | "panic"
    text: string
}

/** Calls `onEntry` for each console line, power change, reset and panic of a board. */
export function subscribeBoardLog(board: Board, onEntry: (entry: BoardLogEntry) => void): void {
    board.on("log", text => onEntry({ kind: "log", text }))
    board.on("powerOn", () => onEntry({ kind: "power", text: "power on" }))
    board.on("powerOff", () => onEntry({ kind: "power", text: "power cut" }))
    board.on("reset", ({ reason }) => onEntry({ kind: "reset", text: `reset (${reason})` }))
    board.on("panic", ({ code, message }) => {
        const reaction = code === "abort" ? "the chip reboots" : "the runtime restarts the program in 5 s"
        onEntry({ kind: "panic", text: `PANIC ${code}: ${message}; ${reaction}` })
    })
}
