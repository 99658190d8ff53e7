// Lines at the bottom of a terminal. The log scrolls above them.

const HIDE_CURSOR = "\x1b[?25l"
const SHOW_CURSOR = "\x1b[?25h"
const INVERSE = "\x1b[7m"
const PLAIN = "\x1b[0m"

export class Footer {
    private lines: string[] = []
    private isOpen = false
    /** Number of footer lines on the terminal. */
    private drawnLines = 0

    constructor(private readonly stream: NodeJS.WriteStream = process.stdout) {}

    open(): void {
        this.isOpen = true
        this.stream.write(HIDE_CURSOR)
        this.stream.on("resize", this.redraw)
        // Restores the terminal also after an error or a signal.
        process.on("exit", this.close)
    }

    /** Prints a line above the footer. */
    print(line: string): void {
        this.stream.write(`${this.eraseSequence()}${line}\r\n${this.text()}`)
    }

    /** Replaces the footer, with each line cut to the width of the terminal. */
    show(lines: string[]): void {
        if (lines.join("\n") === this.lines.join("\n")) return
        this.lines = lines
        this.redraw()
    }

    readonly close = (): void => {
        if (!this.isOpen) return
        this.stream.write(`${this.eraseSequence()}${SHOW_CURSOR}`)
        this.isOpen = false
        this.stream.off("resize", this.redraw)
        process.off("exit", this.close)
    }

    private readonly redraw = (): void => {
        if (this.isOpen) this.stream.write(`${this.eraseSequence()}${this.text()}`)
    }

    /** Returns the control sequence that erases the footer. The cursor is at the end of its last line. */
    private eraseSequence(): string {
        const up = this.drawnLines > 1 ? `\x1b[${this.drawnLines - 1}A` : ""
        this.drawnLines = 0
        return `\r${up}\x1b[J`
    }

    private text(): string {
        const { columns = 80 } = this.stream
        this.drawnLines = this.lines.length
        return this.lines
            .map(line => line.slice(0, columns - 1).padEnd(columns - 1))
            .map(line => `${INVERSE}${line}${PLAIN}`)
            .join("\r\n")
    }
}
