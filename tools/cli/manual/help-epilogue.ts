// Parses the text that a command's help prints below its options. Every command writes the text in this form:
//
//   notes, in paragraphs
//
//   Examples
//     moorage ...            comment
//
//   more notes
//
//   Exit codes: 0 done, ...

export interface HelpEpilogue {
    /** One entry per paragraph. */
    notes: string[]
    /** One entry per line. */
    examples: string[]
    /** Meaning of the exit codes. */
    exitCodes?: string
}

const EXAMPLES = "Examples\n"
const EXIT_CODES = "Exit codes: "

const joinLines = (paragraph: string) => paragraph.replaceAll(/\s*\n\s*/g, " ").trim()

/** Parses a help epilogue. @param text the epilogue as the help prints it */
export function parseHelpEpilogue(text: string): HelpEpilogue {
    const found: HelpEpilogue = { notes: [], examples: [] }
    for (const block of text.split(/\n\s*\n/)) {
        if (block.startsWith(EXAMPLES)) {
            const lines = block.slice(EXAMPLES.length).split("\n")
            found.examples.push(...lines.map(line => line.trim()))
            continue
        }
        const at = block.indexOf(EXIT_CODES)
        const note = joinLines(at < 0 ? block : block.slice(0, at))
        if (note !== "") found.notes.push(note)
        if (at >= 0) found.exitCodes = joinLines(block.slice(at + EXIT_CODES.length)).replace(/\.$/, "")
    }
    return found
}
