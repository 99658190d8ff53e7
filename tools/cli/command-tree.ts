// The tree of commands as plain data, made from commander's own: what completion and the manual are written from.
import type { Argument, Command, Option } from "commander"

/** What an option or an argument takes. */
export interface ValueNode {
    name: string
    isRequired: boolean
    choices?: string[]
}

export interface OptionNode {
    /** Such as `-h` and `--help`. */
    names: string[]
    /** As it is written, such as `--config <file>`. */
    flags: string
    description: string
    /** None for a switch. */
    value?: ValueNode
    /** What it is when it is not given, as text. */
    fallback?: string
    /** The environment variable that stands in for it. */
    env?: string
    /** Whether the command cannot do without. */
    isMandatory: boolean
}

export interface ArgumentNode extends ValueNode {
    description: string
}

export interface CommandNode {
    /** Names from below the program on: `["fault", "add"]`; empty for the program itself. */
    path: string[]
    summary: string
    description: string
    /** As commander writes it, without the names: `[options] <image>`. */
    usage: string
    arguments: ArgumentNode[]
    options: OptionNode[]
    commands: CommandNode[]
    /** What its help says after all that. */
    after: string
}

/** What a number is of that is no plain number, by the name of the value. */
const UNITS: Record<string, string> = { time: " s", "n/time": "/s" }

/** A default that says something: `false` of a switch and an empty list do not. */
function defaultText(
    { defaultValue, defaultValueDescription, negate }: Option,
    name: string | undefined
): string | undefined {
    if (defaultValueDescription !== undefined) return defaultValueDescription
    const value: unknown = defaultValue
    if (negate || value === undefined || typeof value === "boolean" || value === Infinity) return undefined
    if (typeof value === "number") return `${value}${UNITS[name ?? ""] ?? ""}`
    if (!Array.isArray(value)) return String(value)
    return value.length === 0 ? undefined : value.join(",")
}

function optionNode(option: Option): OptionNode {
    const { short, long, flags, description, argChoices, envVar, mandatory } = option
    const name = /[<[](.+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1]
    return {
        names: [short, long].filter(each => each !== undefined),
        flags,
        description,
        value: name === undefined ? undefined : { name, isRequired: option.required, choices: argChoices },
        fallback: defaultText(option, name),
        env: envVar,
        isMandatory: mandatory,
    }
}

function argumentNode(argument: Argument): ArgumentNode {
    const { description, required, argChoices } = argument
    return { name: argument.name(), isRequired: required, description, choices: argChoices }
}

/** What a command's help prints after what commander makes. */
function helpEpilogue(command: Command): string {
    let text = ""
    command.configureOutput({ writeOut: part => (text += part) }).outputHelp()
    return text.slice(command.helpInformation().length).trim()
}

/** @param command is asked for its help, and is not to be run after that */
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
        after: helpEpilogue(command),
    }
}

/** `help` names a command beside it. */
function withChoices(node: CommandNode, choices: string[]): CommandNode {
    return { ...node, arguments: node.arguments.map(argument => ({ ...argument, choices })) }
}

/** A node and all below it, in the order of the help. */
export function* allCommands(node: CommandNode): Generator<CommandNode> {
    yield node
    for (const command of node.commands) yield* allCommands(command)
}

/** Whether it does something itself: it has no commands of its own. */
export const isLeaf = ({ commands }: CommandNode) => commands.length === 0
