import { type ErrorCode, MoorageError } from "@moorage/errors"

/** What failed on the host side of a board. */
export type VmErrorKind =
    "bundle" | "options" | "memory" | "deploy" | "settings" | "flash" | "profile" | "build" | "test"

const CODES: Record<VmErrorKind, ErrorCode> = {
    bundle: "VM_FAILED",
    options: "VM_FAILED",
    memory: "VM_FAILED",
    deploy: "VM_FAILED",
    settings: "SETTINGS_INVALID",
    flash: "FLASH_INVALID",
    profile: "BOARD_PROFILE_INVALID",
    build: "FIRMWARE_BUILD_FAILED",
    test: "FIRMWARE_BUILD_FAILED",
}

/** An error on the host side of a board. `kind` is for programs; `message` has the cause and what to do. */
export class VmError extends MoorageError {
    constructor(
        readonly kind: VmErrorKind,
        message: string,
        cause?: unknown
    ) {
        super(CODES[kind], message, { cause })
    }
}
