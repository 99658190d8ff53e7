// What can stand where on the command line: the rows that each shell's script is written from.
import {
    type ArgumentNode,
    type CommandNode,
    isLeaf,
    type OptionNode,
    type ValueNode,
} from "../command-tree.js"

/** What a value is completed with. `none`: nothing is known of it; `at`: a file after an `@`. */
export interface ValueKind {
    words: string[]
    from: "none" | "file" | "dir" | "at"
}

export interface OptionRow {
    names: string[]
    description: string
    /** None for a switch. */
    kind?: ValueKind
    /** Whether the value may be left out. */
    isOptional: boolean
}

/** A command: what may follow its name. */
export interface CompletionRow {
    /** Names from below the program on, joined by spaces; empty for the program. */
    path: string
    commands: { name: string; summary: string }[]
    /** Its own, and those of the commands above it. */
    options: OptionRow[]
    /** In their places. */
    arguments: ValueKind[]
}

/** Words that stand for something of this project, by the name that a value has in the help. */
export type Words = Record<string, string[]>

const FILES: Record<string, ValueKind["from"]> = {
    file: "file",
    fleet: "file",
    image: "file",
    plan: "file",
    tty: "file",
    dir: "dir",
    "@file": "at",
}

function kindOf({ name, choices }: ValueNode, words: Words): ValueKind {
    return { words: choices ?? words[name] ?? [], from: FILES[name] ?? "none" }
}

function optionRow({ names, description, value }: OptionNode, words: Words): OptionRow {
    const kind = value && kindOf(value, words)
    return { names, description, kind, isOptional: value !== undefined && !value.isRequired }
}

/** One row for each command, the program first. */
export function rowsOf(node: CommandNode, words: Words, above: OptionRow[] = []): CompletionRow[] {
    const own = node.options.map(option => optionRow(option, words))
    const inherited = above.filter(({ names }) => !own.some(each => each.names.at(-1) === names.at(-1)))
    const options = [...own, ...inherited]
    const row: CompletionRow = {
        path: node.path.join(" "),
        commands: node.commands.map(({ path, summary, description }) => ({
            name: path.at(-1) as string,
            summary: summary || description,
        })),
        options,
        arguments: node.arguments.map((argument: ArgumentNode) => kindOf(argument, words)),
    }
    // The program's own options are for it alone: --version.
    const below = node.path.length === 0 ? [] : options
    return [row, ...(isLeaf(node) ? [] : node.commands.flatMap(each => rowsOf(each, words, below)))]
}

/** In single quotes, as sh, bash and zsh take it. */
export const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** `file onboarding failover`: a kind as the scripts of bash and zsh read it. */
const kindText = ({ from, words }: ValueKind) => [from, ...words].join(" ")

/** The lines of a `case` over command path and option, which say what the option takes. */
function takesLines({ path, options }: CompletionRow): string[] {
    return options.flatMap(({ names, kind, isOptional }) => {
        if (kind === undefined) return []
        const text = quoted(`${isOptional ? "maybe" : "must"} ${kindText(kind)}`)
        return names.map(name => `    ${quoted(`${path} ${name}`)}) takes=${text} ;;`)
    })
}

/**
 * The two functions by which a script of bash or zsh knows what may stand where.
 * @param list commands and options of a row, as the shell writes a list
 */
export function knowledge(
    rows: CompletionRow[],
    list: (row: CompletionRow) => { commands: string; options: string }
): string {
    const has = rows.map(row => {
        const { commands, options } = list(row)
        const places = row.arguments.map(kind => quoted(kindText(kind))).join(" ")
        return `    ${quoted(row.path)}) commands=${commands} options=${options} places=(${places}) ;;`
    })
    return `_moorage_has() {
    case "$1" in
${has.join("\n")}
    esac
}

_moorage_takes() {
    takes=
    case "$1 $2" in
${rows.flatMap(takesLines).join("\n")}
    *) return 1 ;;
    esac
}`
}
