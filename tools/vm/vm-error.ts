/** What can go wrong on the host's side of a board. */
export type VmErrorKind =
    "bundle" | "options" | "memory" | "deploy" | "settings" | "flash" | "profile" | "build" | "test"

/** A failure of the VM's host side: `kind` for code, `message` names the cause and the next step. */
export class VmError extends Error {
    constructor(
        readonly kind: VmErrorKind,
        message: string,
        cause?: unknown
    ) {
        super(message, cause === undefined ? undefined : { cause })
        this.name = "VmError"
    }
}
