// Reads commands from the standard input: single keys on a terminal, otherwise lines.
import { createInterface } from "node:readline"
import { type BoardCommand, commandOfKey, commandOfLine, WORDS } from "./board-commands.js"

/** Reads single keys. An arrow or function key sends an escape sequence, which is ignored. */
function readKeys(stdin: NodeJS.ReadStream, onCommand: (command: BoardCommand) => void): () => void {
    const restore = () => void stdin.setRawMode(false)
    const onData = (text: string) => {
        if (text.startsWith("\x1b")) return
        for (const key of text) {
            const command = commandOfKey(key)
            if (command) onCommand(command)
        }
    }
    stdin.setRawMode(true)
    // Restores the terminal also after an error or a signal.
    process.on("exit", restore)
    stdin.setEncoding("utf8")
    stdin.on("data", onData)
    stdin.resume()
    return () => {
        stdin.off("data", onData)
        stdin.pause()
        restore()
        process.off("exit", restore)
    }
}

/**
 * Reads commands until the returned function is called.
 * @param onInvalid receives a message about a line that is not a command
 */
export function readCommands(
    onCommand: (command: BoardCommand) => void,
    onInvalid: (message: string) => void
): () => void {
    const { stdin } = process
    if (stdin.isTTY) return readKeys(stdin, onCommand)
    const lines = createInterface({ input: stdin })
    lines.on("line", line => {
        if (line.trim() === "") return
        const command = commandOfLine(line)
        if (command) onCommand(command)
        else onInvalid(`unknown command ${JSON.stringify(line.trim())} (commands: ${WORDS})`)
    })
    return () => {
        lines.close()
        stdin.destroy()
    }
}
