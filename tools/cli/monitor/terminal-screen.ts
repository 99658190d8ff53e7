// A full-screen view on the alternate screen of a terminal. Closing restores the previous content.

const ENTER = "\x1b[?1049h\x1b[?25l"
const LEAVE = "\x1b[?25h\x1b[?1049l"

export class Screen {
    private isOpen = false
    private lines: string[] = []

    constructor(private readonly stream: NodeJS.WriteStream = process.stdout) {}

    open(): void {
        this.isOpen = true
        this.stream.write(ENTER)
        this.stream.on("resize", this.redraw)
        // Restores the terminal also after an error or a signal.
        process.on("exit", this.close)
    }

    /** Shows the lines, cut to the size of the terminal. A single write avoids flicker. */
    show(lines: string[]): void {
        this.lines = lines
        this.redraw()
    }

    readonly close = (): void => {
        if (!this.isOpen) return
        this.isOpen = false
        this.stream.off("resize", this.redraw)
        process.off("exit", this.close)
        this.stream.write(LEAVE)
    }

    private readonly redraw = (): void => {
        if (!this.isOpen) return
        const { rows = 24, columns = 80 } = this.stream
        const drawn = this.lines.slice(0, rows - 1).map(line => `${line.slice(0, columns)}\x1b[K\r\n`)
        this.stream.write(`\x1b[H${drawn.join("")}\x1b[J`)
    }
}
