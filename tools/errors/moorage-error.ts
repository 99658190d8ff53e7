import { ERROR_CODES, type ErrorCode } from "./error-codes.js"
import { EXIT_CODES } from "./exit-codes.js"

export interface MoorageErrorOptions extends ErrorOptions {
    /** Specific advice; the general cure of the code by default. */
    cure?: string
}

/** The form of an error in the output of `--json`. */
export interface ErrorReport {
    error: { code: ErrorCode; message: string; cure: string }
}

/**
 * An error that a user can cause and resolve. `message` is complete for a terminal: the problem, then the specific cure.
 * It contains no key, token or password.
 */
export class MoorageError extends Error {
    /** What to do next. */
    readonly cure: string

    /** @param problem the problem as one or more sentences, without the cure */
    constructor(
        readonly code: ErrorCode,
        readonly problem: string,
        { cure, cause }: MoorageErrorOptions = {}
    ) {
        super(
            cure === undefined ? problem : `${problem} ${cure}`,
            cause === undefined ? undefined : { cause }
        )
        this.name = new.target.name
        this.cure = cure ?? ERROR_CODES[code].cure
    }

    /** Exit code of a command that ends with this error. */
    get exitCode(): number {
        return EXIT_CODES[ERROR_CODES[this.code].end]
    }

    /** Returns the error as `--json` prints it. */
    report(): ErrorReport {
        return { error: { code: this.code, message: this.problem, cure: this.cure } }
    }
}
