// The tree of commands as plain data. Help, manual page and completion are made from this tree.
import type { Argument, Command, Option } from "commander"

/** The value of an option, or an argument. */
export interface ValueNode {
    name: string
    isRequired: boolean
    choices?: string[]
}

export interface OptionNode {
    /** For example `-h` and `--help`. */
    names: string[]
    /** For example `--config <file>`. */
    flags: string
    description: string
    /** Undefined for a switch. */
    value?: ValueNode
    /** Default value as text, with its unit. */
    defaultText?: string
    /** Environment variable that the command reads if the option is missing. */
    env?: string
    /** Whether the command requires the option. */
    isMandatory: boolean
}

export interface ArgumentNode extends ValueNode {
    description: string
}

export interface CommandNode {
    /** Names below the program, for example `["fault", "add"]`; empty for the program itself. */
    path: string[]
    summary: string
    description: string
    /** Options and arguments without the names, for example `[options] <image>`. */
    usage: string
    arguments: ArgumentNode[]
    options: OptionNode[]
    commands: CommandNode[]
    /** Text below the options: examples, notes and exit codes. */
    epilogue: string
}

const percent = (value: number) => `${Number((value * 100).toPrecision(12))} %`

/** Formats of numbers with a unit, by the name of the value in the flags. */
const NUMBER_FORMATS: Record<string, (value: number) => string> = {
    time: value => `${value} s`,
    "n/time": value => `${value}/s`,
    share: percent,
    shares: percent,
}

/** Returns the default as text; undefined for a switch, for an empty list and without a default. */
function defaultText(
    { defaultValue, defaultValueDescription, negate }: Option,
    valueName = ""
): string | undefined {
    if (defaultValueDescription !== undefined) return defaultValueDescription
    const value: unknown = defaultValue
    if (negate || value === undefined || value === null || typeof value === "boolean") return undefined
    const format = (each: unknown) =>
        typeof each === "number" ? (NUMBER_FORMATS[valueName] ?? String)(each) : String(each)
    if (!Array.isArray(value)) return format(value)
    return value.length === 0 ? undefined : value.map(format).join(", ")
}

function optionNode(option: Option): OptionNode {
    const { short, long, flags, description, argChoices, envVar, mandatory } = option
    const name = /[<[](.+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1]
    return {
        names: [short, long].filter(each => each !== undefined),
        flags,
        description,
        value: name === undefined ? undefined : { name, isRequired: option.required, choices: argChoices },
        defaultText: defaultText(option, name),
        env: envVar,
        isMandatory: mandatory,
    }
}

function argumentNode(argument: Argument): ArgumentNode {
    const { description, required, argChoices } = argument
    return { name: argument.name(), isRequired: required, description, choices: argChoices }
}

/** Returns the values that an option accepts, for example `one of text, json, off`. */
function choicesText(choices: string[]): string {
    return choices.length === 1 ? `only value: ${choices[0]}` : `one of ${choices.join(", ")}`
}

/**
 * Returns the suffix of an option's description: choices, default and environment variable.
 * @param code marks a word as code
 */
export function optionSuffix(node: OptionNode, code = (word: string) => word): string {
    const { value, isMandatory, env } = node
    const parts = [
        isMandatory ? "required" : undefined,
        value?.choices && choicesText(value.choices.map(code)),
        node.defaultText === undefined ? undefined : `default: ${node.defaultText}`,
        env && `environment: ${code(env)}`,
    ].filter(part => part !== undefined)
    return parts.length === 0 ? "" : ` (${parts.join("; ")})`
}

/** Returns an option's description as the help prints it. */
export function optionDescription(option: Option): string {
    const node = optionNode(option)
    return node.description + optionSuffix(node)
}

/** Returns the text that a command's help prints below the options. */
function helpEpilogue(command: Command): string {
    let text = ""
    command.configureOutput({ writeOut: part => (text += part) }).outputHelp()
    return text.slice(command.helpInformation().length).trim()
}

/**
 * Returns the command and all commands below it as data.
 * @param command its output is redirected, so that it cannot run afterwards
 */
export function commandTree(command: Command, path: string[] = []): CommandNode {
    const help = command.createHelp()
    const commands = help.visibleCommands(command)
    const names = commands.map(each => each.name())
    return {
        path,
        summary: command.summary(),
        description: command.description(),
        usage: command.usage(),
        arguments: command.registeredArguments.map(argumentNode),
        options: help.visibleOptions(command).map(optionNode),
        commands: commands.map((each, i) => {
            const node = commandTree(each, [...path, names[i]])
            return each.name() === "help" ? withChoices(node, names) : node
        }),
        epilogue: helpEpilogue(command),
    }
}

/** Returns the command `help` with the names of its sibling commands as choices. */
function withChoices(node: CommandNode, choices: string[]): CommandNode {
    return { ...node, arguments: node.arguments.map(argument => ({ ...argument, choices })) }
}

/** Yields a command and all commands below it, in the order of the help. */
export function* allCommands(node: CommandNode): Generator<CommandNode> {
    yield node
    for (const command of node.commands) yield* allCommands(command)
}

/** Returns whether the command has no subcommands. */
export const isLeaf = ({ commands }: CommandNode) => commands.length === 0
