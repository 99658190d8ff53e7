// A view that stays in one place on a terminal, and leaves it was.

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
        // Whatever ends the process, the terminal is given back.
        process.on("exit", this.close)
    }

    /** Shows these lines; what does not fit is cut off. One write, over what was there: nothing flickers. */
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
