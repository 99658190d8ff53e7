/** What is wrong on a line of a file. */
export interface InputIssue {
    /** From 1. */
    line: number
    text: string
}

/** The input of a fleet command cannot be used; the message lists every mistake, a line each, without secrets. */
export class FleetError extends Error {
    constructor(
        source: string,
        readonly mistakes: InputIssue[]
    ) {
        const lines = mistakes.map(({ line, text }) => `  line ${line}: ${text}`)
        super([`${source} cannot be used:`, ...lines].join("\n"))
        this.name = "FleetError"
    }
}
