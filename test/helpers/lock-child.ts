// A process that takes a lock on request: the parent sends a file name, the child answers whether it has the lock.
// The parent sends "release" to end a round.
import { acquireLock, LockError } from "@moorage/files"

let release = (): void => undefined

process.on("message", (message: { file: string } | "release") => {
    if (message === "release") {
        release()
        process.send?.("released")
        return
    }
    try {
        release = acquireLock(message.file)
        process.send?.("acquired")
    } catch (error) {
        release = () => undefined
        process.send?.(error instanceof LockError ? "refused" : String(error))
    }
})
process.send?.("ready")
