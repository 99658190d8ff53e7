// The completions for each position of the command line. The script of each shell is generated from these rows.
import {
    type ArgumentNode,
    type CommandNode,
    isLeaf,
    type OptionNode,
    type ValueNode,
} from "../command-tree.js"

/** Completions of a value. `none`: words only; `at`: file names after an `@`. */
export interface ValueKind {
    words: string[]
    from: "none" | "file" | "dir" | "at"
}

export interface OptionRow {
    names: string[]
    description: string
    /** Undefined for a switch. */
    kind?: ValueKind
    /** Whether the value is optional. */
    isOptional: boolean
}

/** A command, and the words that can follow its name. */
export interface CompletionRow {
    /** Names below the program, joined by spaces; empty for the program. */
    path: string
    commands: { name: string; summary: string }[]
    /** Options of the command and of its parents. */
    options: OptionRow[]
    /** Completions of the arguments, by position. */
    arguments: ValueKind[]
}

/** Words of this project, by the name of the value in the flags: plan names, board names. */
export type CompletionWords = Record<string, string[]>

const FILES: Record<string, ValueKind["from"]> = {
    file: "file",
    fleet: "file",
    image: "file",
    plan: "file",
    tty: "file",
    dir: "dir",
    "@file": "at",
}

function kindOf({ name, choices }: ValueNode, words: CompletionWords): ValueKind {
    return { words: choices ?? words[name] ?? [], from: FILES[name] ?? "none" }
}

function optionRow({ names, description, value }: OptionNode, words: CompletionWords): OptionRow {
    const kind = value && kindOf(value, words)
    return { names, description, kind, isOptional: value !== undefined && !value.isRequired }
}

/** Returns one row for each command, the program first. @param parentOptions options that the command inherits */
export function completionRows(
    node: CommandNode,
    words: CompletionWords,
    parentOptions: OptionRow[] = []
): CompletionRow[] {
    const own = node.options.map(option => optionRow(option, words))
    const inherited = parentOptions.filter(
        ({ names }) => !own.some(each => each.names.at(-1) === names.at(-1))
    )
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
    // The program's own options, such as --version, do not apply to commands.
    const inheritable = node.path.length === 0 ? [] : options
    return [
        row,
        ...(isLeaf(node) ? [] : node.commands.flatMap(each => completionRows(each, words, inheritable))),
    ]
}

/** Returns text in single quotes, for sh, bash and zsh. */
export const shellQuoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** Returns a kind as the scripts of bash and zsh read it, for example `file onboarding failover`. */
const kindText = ({ from, words }: ValueKind) => [from, ...words].join(" ")

/** Returns the lines of a `case` statement over command and option, with the kind of the option's value. */
function valueKindLines({ path, options }: CompletionRow): string[] {
    return options.flatMap(({ names, kind, isOptional }) => {
        if (kind === undefined) return []
        const text = shellQuoted(`${isOptional ? "maybe" : "must"} ${kindText(kind)}`)
        return names.map(name => `    ${shellQuoted(`${path} ${name}`)}) takes=${text} ;;`)
    })
}

/**
 * Returns the two shell functions with which a script of bash or zsh looks up commands, options and values.
 * @param list returns the commands and options of a row as a list of the shell
 */
export function lookupFunctions(
    rows: CompletionRow[],
    list: (row: CompletionRow) => { commands: string; options: string }
): string {
    const has = rows.map(row => {
        const { commands, options } = list(row)
        const places = row.arguments.map(kind => shellQuoted(kindText(kind))).join(" ")
        return `    ${shellQuoted(row.path)}) commands=${commands} options=${options} places=(${places}) ;;`
    })
    return `_moorage_has() {
    case "$1" in
${has.join("\n")}
    esac
}

_moorage_takes() {
    takes=
    case "$1 $2" in
${rows.flatMap(valueKindLines).join("\n")}
    *) return 1 ;;
    esac
}`
}
