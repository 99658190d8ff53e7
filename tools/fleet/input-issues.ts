/** An error on one line of an input file. */
export interface InputIssue {
    /** From 1. */
    line: number
    text: string
}

/** The input of a fleet command cannot be used. The message has one line per issue and contains no secret. */
export class FleetError extends Error {
    constructor(
        source: string,
        readonly issues: InputIssue[]
    ) {
        const lines = issues.map(({ line, text }) => `  line ${line}: ${text}`)
        super([`${source} cannot be used:`, ...lines].join("\n"))
        this.name = "FleetError"
    }
}
