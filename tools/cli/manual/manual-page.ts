// docs/reference/commands.md, from the commands as they are and their help.
import { type Command, Help } from "commander"
import {
    allCommands,
    type ArgumentNode,
    type CommandNode,
    isLeaf,
    type OptionNode,
    commandTree,
} from "../command-tree.js"
import { afterText } from "./help-epilogue.js"
import { ENVIRONMENT } from "./environment-variables.js"

const DESCRIPTION = [
    "Each command says what went wrong and what to do next in one message, prints for a program with `--json`, shows on a " +
        "terminal how far it is when it takes longer than two seconds, and ends cleanly at Ctrl-C. Files are written whole or not " +
        "at all. Keys, tokens and Wi-Fi passwords are never needed as arguments, and are in no log, message or report.",
    "An option may stand before or after the arguments, as `--option value` or `--option=value`. A time is a number with s, m, h " +
        "or d, such as 90s or 20m. `moorage help COMMAND` shows a command's part of this page; `moorage completion` completes " +
        "commands in a shell.",
]

const EXIT_CODES: [code: number, what: string][] = [
    [0, "fine"],
    [1, "it failed, or found that something is wrong"],
    [2, "wrong usage: an option, an argument, or mistakes in a file that was given; nothing was done"],
    [130, "interrupted before it was done"],
]

const FILES: [name: string, what: string][] = [
    [
        "`PROFILE.yaml`",
        "where DPS and the hubs are, for `--profile`; the card of `moorage emulate --json` is one",
    ],
    ["`FLEET.csv`", "the fleet: a line a board, by its `registrationId`"],
    ["`OUT/manifest.json`, `OUT/images/`", "what `manufacture` made, with checksums; for its owner only"],
    ["`FLEET.rollout.json`", "what `rollout plan` planned, for `rollout run`"],
    ["`PLAN.state`", "what `rollout run` has done: it goes on from there; `reprovision --state` has one too"],
    ["`.env.defaults`, `.env.local`", "settings of a board that `devs devtools` flashes"],
    ["`boards/NAME.profile.json`", "what a board is: architecture, image, flash"],
]

/** Text as Markdown: what is in backticks stays. */
function escaped(text: string): string {
    const parts = text.split("`")
    return parts.map((part, i) => (i % 2 === 1 ? part : part.replaceAll(/[<*]/g, "\\$&"))).join("`")
}

const WIDTH_CHARS = 130
/** A paragraph of lines that a terminal shows whole. */
const prose = (text: string) => new Help().boxWrap(escaped(text), WIDTH_CHARS)

const nameOf = ({ path }: CommandNode) => ["moorage", ...path].join(" ")
const usageOf = (node: CommandNode) => `${nameOf(node)} ${node.usage}`.trim()
const block = (lines: string[]) => ["```", ...lines, "```"].join("\n")
const table = (head: [string, string], rows: (readonly [string, string])[]) =>
    [rowText(head), "|---|---|", ...rows.map(rowText)].join("\n")
const rowText = (cells: readonly [string, string]) => `| ${cells.map(inCell).join(" | ")} |`
const inCell = (text: string) => text.replaceAll("|", "\\|")

function optionText({ description, value, fallback, env, isMandatory }: OptionNode): string {
    const more = [
        isMandatory ? "required" : undefined,
        value?.choices && `one of ${value.choices.map(choice => `\`${choice}\``).join(", ")}`,
        fallback === undefined ? undefined : `default: ${fallback}`,
        env && `environment: \`${env}\``,
    ].filter(part => part !== undefined)
    return escaped(description) + (more.length === 0 ? "" : ` (${more.join("; ")})`)
}

function argumentRow({ name, description, choices, isRequired }: ArgumentNode): [string, string] {
    const more = choices && ` (one of ${choices.map(choice => `\`${choice}\``).join(", ")})`
    return [isRequired ? `\`<${name}>\`` : `\`[${name}]\``, escaped(description) + (more ?? "")]
}

function rowsOf({ arguments: places, options }: CommandNode): [string, string][] {
    return [
        ...places.map(argumentRow),
        ...options
            .filter(option => !isHelp(option))
            .map((option): [string, string] => [`\`${option.flags}\``, optionText(option)]),
    ]
}

const isHelp = ({ names }: OptionNode) => names.includes("--help")

/** Says that the options of the command above count too, when it has any. */
function inherited(above: CommandNode | undefined): string[] {
    if (!above || above.path.length === 0 || above.options.every(isHelp)) return []
    return [`The options of \`${nameOf(above)}\` count here too.`]
}

function commandPart(node: CommandNode, above: CommandNode | undefined): string {
    const { notes, examples, exit } = afterText(node.after)
    const rows = rowsOf(node)
    const shown = isLeaf(node) ? examples : []
    return [
        `### ${nameOf(node)}`,
        block([usageOf(node)]),
        prose(node.description || `${sentence(node.summary)}.`),
        ...(rows.length === 0 ? [] : [table(["argument or option", "what"], rows)]),
        ...inherited(above),
        ...notes.map(prose),
        ...(shown.length === 0 ? [] : [block(shown)]),
        ...(exit === undefined || !isLeaf(node) ? [] : [prose(`Exit status: ${exit}.`)]),
    ].join("\n\n")
}

/** The command of which this one is a part. */
function aboveOf({ path }: CommandNode, nodes: CommandNode[]): CommandNode | undefined {
    const above = path.slice(0, -1).join(" ")
    return nodes.find(each => each.path.join(" ") === above)
}

const sentence = (text: string) => text[0].toUpperCase() + text.slice(1)

/** The pages that the help names, in their order. */
function pagesOf(nodes: CommandNode[]): string[] {
    const text = nodes.map(node => [node.after, ...rowsOf(node).flat()].join("\n")).join("\n")
    return [...new Set(text.match(/docs\/[\w/-]+\.md/g))].sort()
}

/** @param program is asked for its help, and is not to be run after that */
export function manualPage(program: Command): string {
    const root = commandTree(program)
    const nodes = [...allCommands(root)].filter(({ path }) => path.length > 0 && path.at(-1) !== "help")
    return [
        "# moorage(1)",
        "Made from the commands themselves by `npm run manual`: do not edit it.",
        "## NAME",
        `moorage - ${root.description.replace(/\.$/, "").replace(/^B/, "b")}`,
        "## SYNOPSIS",
        block(["moorage [--help] [--version]", ...nodes.filter(isLeaf).map(usageOf)]),
        "## DESCRIPTION",
        ...DESCRIPTION.map(prose),
        "## COMMANDS",
        ...nodes.map(node => commandPart(node, aboveOf(node, nodes))),
        "## EXIT STATUS",
        table(
            ["code", "what"],
            EXIT_CODES.map(([code, what]) => [String(code), what] as const)
        ),
        "What a command means by it is said with the command.",
        "## ENVIRONMENT",
        table(
            ["variable", "what"],
            ENVIRONMENT.map(([name, what]) => [`\`${name}\``, what] as const)
        ),
        "## FILES",
        table(["file", "what"], FILES),
        "## SEE ALSO",
        prose([...pagesOf(nodes), "README.md"].map(page => `\`${page}\``).join(", ")),
        "",
    ].join("\n\n")
}
