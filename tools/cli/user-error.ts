/** Exit codes of every command. */
export const FAILED = 1
export const WRONG_USAGE = 2

/** Something that the user can mend: its message says what is wrong and what to do, and is all that is printed. */
export class UserError extends Error {
    constructor(
        message: string,
        readonly exitCode: number = FAILED,
        options?: ErrorOptions
    ) {
        super(message, options)
    }
}
