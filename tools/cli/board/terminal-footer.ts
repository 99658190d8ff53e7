// Lines that stay at the bottom of a terminal, while the others scroll above them.

const HIDE_CURSOR = "\x1b[?25l"
const SHOW_CURSOR = "\x1b[?25h"
const INVERSE = "\x1b[7m"
const PLAIN = "\x1b[0m"

export class Footer {
    private lines: string[] = []
    private isOpen = false
    /** How many lines of it stand on the terminal. */
    private drawn = 0

    constructor(private readonly stream: NodeJS.WriteStream = process.stdout) {}

    open(): void {
        this.isOpen = true
        this.stream.write(HIDE_CURSOR)
        this.stream.on("resize", this.redraw)
        // Whatever ends the process, the terminal is given back.
        process.on("exit", this.close)
    }

    /** Prints a line above it. */
    print(line: string): void {
        this.stream.write(`${this.wiped()}${line}\r\n${this.text()}`)
    }

    /** Shows these lines, each cut to the terminal's width. */
    show(lines: string[]): void {
        if (lines.join("\n") === this.lines.join("\n")) return
        this.lines = lines
        this.redraw()
    }

    readonly close = (): void => {
        if (!this.isOpen) return
        this.stream.write(`${this.wiped()}${SHOW_CURSOR}`)
        this.isOpen = false
        this.stream.off("resize", this.redraw)
        process.off("exit", this.close)
    }

    private readonly redraw = (): void => {
        if (this.isOpen) this.stream.write(`${this.wiped()}${this.text()}`)
    }

    /** What takes it away: the cursor is at the end of its last line. */
    private wiped(): string {
        const up = this.drawn > 1 ? `\x1b[${this.drawn - 1}A` : ""
        this.drawn = 0
        return `\r${up}\x1b[J`
    }

    private text(): string {
        const { columns = 80 } = this.stream
        this.drawn = this.lines.length
        return this.lines
            .map(line => line.slice(0, columns - 1).padEnd(columns - 1))
            .map(line => `${INVERSE}${line}${PLAIN}`)
            .join("\r\n")
    }
}
