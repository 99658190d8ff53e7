// What the person says: single keys of a terminal, lines of anything else.
import { createInterface } from "node:readline"
import { type BoardCommand, commandOfKey, commandOfLine, WORDS } from "./board-commands.js"

/** A key of a terminal; an arrow or a function key is several characters, of which none is meant. */
function listenToKeys(stdin: NodeJS.ReadStream, onAct: (act: BoardCommand) => void): () => void {
    const restore = () => void stdin.setRawMode(false)
    const onData = (text: string) => {
        if (text.startsWith("\x1b")) return
        for (const key of text) {
            const act = commandOfKey(key)
            if (act) onAct(act)
        }
    }
    stdin.setRawMode(true)
    // Whatever ends the process, the terminal is given back.
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
 * Listens to the standard input until the returned function is called.
 * @param onStrange told of a line that is no word
 */
export function listen(onAct: (act: BoardCommand) => void, onStrange: (message: string) => void): () => void {
    const { stdin } = process
    if (stdin.isTTY) return listenToKeys(stdin, onAct)
    const lines = createInterface({ input: stdin })
    lines.on("line", line => {
        if (line.trim() === "") return
        const act = commandOfLine(line)
        if (act) onAct(act)
        else onStrange(`there is no ${JSON.stringify(line.trim())}: ${WORDS}`)
    })
    return () => {
        lines.close()
        stdin.destroy()
    }
}
