// Prints the events of `moorage board`: as a log, with a footer on a terminal, or as JSON lines.
import { Timeline } from "@moorage/report"
import type { DevBoardEvent, DevBoardStatus } from "@moorage/fleet/devboard"
import type { Clock } from "@moorage/runtime"
import { KEYS } from "./board-commands.js"
import { Footer } from "./terminal-footer.js"
import { statusParts, flashLines, wrapParts } from "./board-text.js"

/** An event of the board, of the cloud in this process, or of the command itself. */
export type OutputEvent =
    DevBoardEvent | { source: "cloud" | "moorage"; kind: "cloud" | "note" | "end"; text: string }

export interface BoardOutput {
    print(event: OutputEvent): void
    /** Prints a note of the command itself. */
    note(text: string): void
    /** Updates the status in the footer. */
    showStatus(status: DevBoardStatus): void
    close(): void
}

/** Replaces control characters, so that a log line cannot control the terminal. */
const stripControlChars = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?")

function jsonOutput(clock: Clock): Omit<BoardOutput, "note"> {
    const startMs = clock.nowMs()
    return {
        print: event => {
            const sec = (clock.nowMs() - startMs) / 1000
            process.stdout.write(`${JSON.stringify({ sec, ...event })}\n`)
        },
        showStatus: () => undefined,
        close: () => undefined,
    }
}

function terminalOutput(clock: Clock): Omit<BoardOutput, "note"> {
    const footer = process.stdout.isTTY ? new Footer() : undefined
    footer?.open()
    const timeline = new Timeline(clock, line =>
        footer ? footer.print(line) : process.stdout.write(`${line}\n`)
    )
    return {
        print: event => {
            // The footer shows the state, and the log contains the line that caused it.
            if (event.kind === "state") return
            const lines = "stored" in event && event.stored ? flashLines(event.stored) : [event.text]
            for (const line of lines) timeline.print(event.source, stripControlChars(line))
        },
        showStatus: status => {
            const width = (process.stdout.columns ?? 80) - 1
            const parts = statusParts(status).map(stripControlChars)
            const keys = process.stdin.isTTY ? wrapParts(KEYS, "  ", width) : []
            footer?.show([...wrapParts(parts, " | ", width), ...keys])
        },
        close: () => footer?.close(),
    }
}

/** Returns the output of the command. @param isJson whether to print JSON lines, even on a terminal */
export function createBoardOutput(clock: Clock, isJson: boolean): BoardOutput {
    const output = isJson ? jsonOutput(clock) : terminalOutput(clock)
    return { ...output, note: text => output.print({ source: "moorage", kind: "note", text }) }
}
