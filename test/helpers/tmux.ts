// A terminal that can be looked at, for views that redraw themselves.
import { spawnSync } from "node:child_process"

/** Why there can be no terminal test on this machine; undefined where there can. */
export const whyNoTmux =
    spawnSync("tmux", ["-V"]).status === 0 ? undefined : "skipped: no tmux; apt-get install tmux"

let count = 0

export class Terminal {
    private readonly socket = `moorage-${process.pid}-${count++}`

    /** A shell, `columns` wide and `rows` high. */
    constructor(columns: number, rows: number) {
        this.tmux("-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows), "sh")
        this.type("PS1='ready$ '")
    }

    type(line: string): void {
        this.write(line)
        this.tmux("send-keys", "Enter")
    }

    /** Types without Enter. */
    write(text: string): void {
        this.tmux("send-keys", "-l", text)
    }

    /** Presses a key by tmux's name for it, such as `C-c`. */
    press(key: string): void {
        this.tmux("send-keys", key)
    }

    /** What stands on the screen. */
    get screen(): string {
        return this.tmux("capture-pane", "-p")
    }

    /** Whether the program is on the alternate screen, and whether the cursor shows. */
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
