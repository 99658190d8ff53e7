import { MoorageError } from "@moorage/errors"

/** An error on one line of an input file. */
export interface InputIssue {
    /** From 1. */
    line: number
    text: string
}

/** The input of a fleet command cannot be used. The message has one line per issue and contains no secret. */
export class FleetError extends MoorageError {
    constructor(
        source: string,
        readonly issues: InputIssue[]
    ) {
        const lines = issues.map(({ line, text }) => `  line ${line}: ${text}`)
        super("FLEET_FILE_INVALID", [`${source} cannot be used:`, ...lines].join("\n"))
    }
}
