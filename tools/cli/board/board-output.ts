// Tells what happens: as a scrolling log, above a footer on a terminal, or as lines of JSON.
import { Timeline } from "@moorage/report"
import type { DevBoardEvent, DevBoardStatus } from "@moorage/fleet/devboard"
import type { Clock } from "@moorage/runtime"
import { KEYS } from "./board-commands.js"
import { Footer } from "./terminal-footer.js"
import { statusParts, flashLines, wrapParts } from "./board-text.js"

/** Of the board, of the cloud in this process, or of the command itself. */
export type OutputEvent =
    DevBoardEvent | { source: "cloud" | "moorage"; kind: "cloud" | "note" | "end"; text: string }

export interface BoardOutput {
    tell(told: OutputEvent): void
    /** Says something of the command itself. */
    note(text: string): void
    /** Brings the status up to date, where it is shown. */
    show(status: DevBoardStatus): void
    close(): void
}

/** What comes from outside must not steer the terminal. */
const stripControlChars = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?")

function jsonOutput(clock: Clock): Omit<BoardOutput, "note"> {
    const startMs = clock.nowMs()
    return {
        tell: told => {
            const sec = (clock.nowMs() - startMs) / 1000
            process.stdout.write(`${JSON.stringify({ sec, ...told })}\n`)
        },
        show: () => undefined,
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
        tell: told => {
            // The status line has that, and the log line that it comes from.
            if (told.kind === "state") return
            const lines = "stored" in told && told.stored ? flashLines(told.stored) : [told.text]
            for (const line of lines) timeline.print(told.source, stripControlChars(line))
        },
        show: status => {
            const width = (process.stdout.columns ?? 80) - 1
            const parts = statusParts(status).map(stripControlChars)
            const keys = process.stdin.isTTY ? wrapParts(KEYS, "  ", width) : []
            footer?.show([...wrapParts(parts, " | ", width), ...keys])
        },
        close: () => footer?.close(),
    }
}

/** @param isJson lines of JSON, whatever the output is */
export function createBoardOutput(clock: Clock, isJson: boolean): BoardOutput {
    const voice = isJson ? jsonOutput(clock) : terminalOutput(clock)
    return { ...voice, note: text => voice.tell({ source: "moorage", kind: "note", text }) }
}
