// What a command's help says after its options, taken apart. Every command writes it in this form:
//
//   notes, in paragraphs
//
//   Examples
//     moorage ...            what it does
//
//   more notes
//
//   Exit codes: 0 done, ...

export interface AfterText {
    /** Paragraphs. */
    notes: string[]
    examples: string[]
    /** What the exit codes mean. */
    exit?: string
}

const EXAMPLES = "Examples\n"
const EXIT = "Exit codes: "

const joined = (paragraph: string) => paragraph.replaceAll(/\s*\n\s*/g, " ").trim()

/** @param text as the help prints it */
export function afterText(text: string): AfterText {
    const found: AfterText = { notes: [], examples: [] }
    for (const block of text.split(/\n\s*\n/)) {
        if (block.startsWith(EXAMPLES)) {
            found.examples.push(
                ...block
                    .slice(EXAMPLES.length)
                    .split("\n")
                    .map(line => line.trim())
            )
            continue
        }
        const at = block.indexOf(EXIT)
        const note = joined(at < 0 ? block : block.slice(0, at))
        if (note !== "") found.notes.push(note)
        if (at >= 0) found.exit = joined(block.slice(at + EXIT.length)).replace(/\.$/, "")
    }
    return found
}
