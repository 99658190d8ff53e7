// A terminal whose screen a test can read, for programs that redraw their output.
import { spawnSync } from "node:child_process"

/** Why terminal tests cannot run on this machine. Undefined if they can. */
export const whyNoTmux =
    spawnSync("tmux", ["-V"]).status === 0 ? undefined : "skipped: no tmux; apt-get install tmux"

let count = 0

export class Terminal {
    private readonly socket = `moorage-${process.pid}-${count++}`

    /** Starts a shell in a window of `columns` by `rows` characters. */
    constructor(columns: number, rows: number) {
        this.tmux("-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows), "sh")
        this.type("PS1='ready$ '")
    }

    /** Types a line and presses Enter. */
    type(line: string): void {
        this.write(line)
        this.tmux("send-keys", "Enter")
    }

    /** Types without Enter. */
    write(text: string): void {
        this.tmux("send-keys", "-l", text)
    }

    /** Presses a key, given by its tmux name, for example `C-c`. */
    press(key: string): void {
        this.tmux("send-keys", key)
    }

    /** The text on the screen. */
    get screen(): string {
        return this.tmux("capture-pane", "-p")
    }

    /** Whether the program uses the alternate screen, and whether the cursor is visible. */
    get state(): { isAlternate: boolean; isCursorShown: boolean } {
        const text = this.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}")
        const [alternate, cursor] = text.trim().split(" ")
        return { isAlternate: alternate === "1", isCursorShown: cursor === "1" }
    }

    close(): void {
        this.tmux("kill-server")
    }

    private tmux(...args: string[]): string {
        return spawnSync("tmux", ["-L", this.socket, ...args], { encoding: "utf8" }).stdout
    }
}
