// Generates docs/reference/commands.md from the command tree.
import type { Command } from "commander"
import {
    allCommands,
    type ArgumentNode,
    type CommandNode,
    commandTree,
    isLeaf,
    type OptionNode,
    optionSuffix,
} from "../command-tree.js"
import { ENVIRONMENT } from "./environment-variables.js"
import { exitCodeTable } from "./errors-page.js"
import { parseHelpEpilogue } from "./help-epilogue.js"
import { code, codeBlock, escapeMarkdown, markdownTable, paragraph } from "./markdown.js"

const DESCRIPTION = [
    "A command reports an error as one message, which says what is wrong and what to do. With `--json` it prints JSON. On a terminal it " +
        "shows its progress after two seconds. Ctrl-C ends it cleanly. Output files are written completely or not at all. Keys, " +
        "tokens and Wi-Fi passwords are never required as arguments, and never appear in a log, a message or a report.",
    "Options can precede or follow the arguments, as `--option value` or `--option=value`. A time is a number with s, m, h or d, " +
        "for example 90s or 20m. `moorage help COMMAND` prints the help of a command. `moorage completion` prints a completion " +
        "script for a shell. `docs/reference/errors.md` lists the error codes.",
]

const FILES: [name: string, description: string][] = [
    [
        "`PROFILE.yaml`",
        "connection profile for `--profile`: addresses and keys of DPS and the hubs; the output of `moorage emulate --json` is a profile",
    ],
    ["`FLEET.csv`", "fleet file: one board per line, identified by its `registrationId`"],
    [
        "`OUT/manifest.json`, `OUT/images/`",
        "output of `manufacture` with checksums; only the owner can read it",
    ],
    ["`FLEET.rollout.json`", "rollout plan of `rollout plan`, for `rollout run`"],
    [
        "`PLAN.state`",
        "progress of `rollout run`, so that it can continue; `reprovision --state` has a similar file",
    ],
    ["`.env.defaults`, `.env.local`", "settings of a board that `devs devtools` flashes"],
    ["`boards/NAME.profile.json`", "board profile: architecture, image, flash"],
]

const nameOf = ({ path }: CommandNode) => ["moorage", ...path].join(" ")
const usageOf = (node: CommandNode) => `${nameOf(node)} ${node.usage}`.trim()
const isHelp = ({ names }: OptionNode) => names.includes("--help")

function argumentRow({ name, description, choices, isRequired }: ArgumentNode): [string, string] {
    const suffix = choices ? ` (one of ${choices.map(code).join(", ")})` : ""
    return [code(isRequired ? `<${name}>` : `[${name}]`), escapeMarkdown(description) + suffix]
}

function optionRow(node: OptionNode): [string, string] {
    return [code(node.flags), escapeMarkdown(node.description + optionSuffix(node, code))]
}

function parameterRows({ arguments: args, options }: CommandNode): [string, string][] {
    return [...args.map(argumentRow), ...options.filter(option => !isHelp(option)).map(optionRow)]
}

/** Returns a note that the options of the parent command apply too, if it has any. */
function inheritedNote(parent: CommandNode | undefined): string[] {
    if (!parent || parent.path.length === 0 || parent.options.every(isHelp)) return []
    return [`The options of ${code(nameOf(parent))} apply too.`]
}

function commandSection(node: CommandNode, parent: CommandNode | undefined): string {
    const { notes, examples, exitCodes } = parseHelpEpilogue(node.epilogue)
    const rows = parameterRows(node)
    const shownExamples = isLeaf(node) ? examples : []
    return [
        `### ${nameOf(node)}`,
        codeBlock([usageOf(node)]),
        paragraph(node.description || `${capitalized(node.summary)}.`),
        ...(rows.length === 0 ? [] : [markdownTable(["argument or option", "description"], rows)]),
        ...inheritedNote(parent),
        ...notes.map(paragraph),
        ...(shownExamples.length === 0 ? [] : [codeBlock(shownExamples)]),
        ...(exitCodes === undefined || !isLeaf(node) ? [] : [paragraph(`Exit codes: ${exitCodes}.`)]),
    ].join("\n\n")
}

function parentOf({ path }: CommandNode, nodes: CommandNode[]): CommandNode | undefined {
    const parentPath = path.slice(0, -1).join(" ")
    return nodes.find(each => each.path.join(" ") === parentPath)
}

const capitalized = (text: string) => text[0].toUpperCase() + text.slice(1)
const uncapitalized = (text: string) => text[0].toLowerCase() + text.slice(1)

/** Returns the pages that the help mentions, in alphabetical order. */
function mentionedPages(nodes: CommandNode[]): string[] {
    const text = nodes.map(node => [node.epilogue, ...parameterRows(node).flat()].join("\n")).join("\n")
    return [...new Set(text.match(/docs\/[\w-]+(?:\/[\w-]+)*\.md/g))].sort()
}

/**
 * Returns the manual page.
 * @param program its output is redirected, so that it cannot run afterwards
 */
export function manualPage(program: Command): string {
    const root = commandTree(program)
    const nodes = [...allCommands(root)].filter(({ path }) => path.length > 0 && path.at(-1) !== "help")
    return [
        "# moorage(1)",
        "Generated by `npm run manual`. Do not edit.",
        "## NAME",
        `moorage - ${uncapitalized(root.description.replace(/\.$/, ""))}`,
        "## SYNOPSIS",
        codeBlock(["moorage [--help] [--version]", ...nodes.filter(isLeaf).map(usageOf)]),
        "## DESCRIPTION",
        ...DESCRIPTION.map(paragraph),
        "## COMMANDS",
        ...nodes.map(node => commandSection(node, parentOf(node, nodes))),
        "## EXIT STATUS",
        exitCodeTable(),
        "The section of a command describes its exit codes in detail.",
        "## ENVIRONMENT",
        markdownTable(
            ["variable", "description"],
            ENVIRONMENT.map(([name, description]) => [code(name), description])
        ),
        "## FILES",
        markdownTable(["file", "description"], FILES),
        "## SEE ALSO",
        paragraph([...mentionedPages(nodes), "README.md"].map(code).join(", ")),
        "",
    ].join("\n\n")
}
