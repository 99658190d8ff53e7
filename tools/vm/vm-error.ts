/** What failed on the host side of a board. */
export type VmErrorKind =
    "bundle" | "options" | "memory" | "deploy" | "settings" | "flash" | "profile" | "build" | "test"

/** An error on the host side of a board. `kind` is for programs; `message` says the cause and what to do. */
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
