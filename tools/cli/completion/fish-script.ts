import type { ValueKind, OptionRow, CompletionRow } from "./completion-table.js"

/** In single quotes, as fish takes it. */
const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`

/** The arguments of `complete` that fill in a value. */
function filling({ from, words }: ValueKind): string {
    const some = words.length === 0 ? "" : ` -a ${quoted(words.join(" "))}`
    if (from === "file") return `-r -F${some}`
    if (from === "dir") return `-x -a '(__fish_complete_directories)'${some}`
    if (from === "at") return "-x -a '(__moorage_at_files)'"
    return `-x${some}`
}

function optionLine(path: string, { names, description, kind, isOptional }: OptionRow): string {
    const flags = names.map(name => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
    const value = kind === undefined || isOptional ? "" : ` ${filling(kind)}`
    return `complete -c moorage -n ${quoted(`__moorage_is ${quoted(path)}`)} ${flags.join(" ")}${value} -d ${quoted(description)}`
}

function argumentLine(path: string, { from, words }: ValueKind, place: number): string[] {
    const where = `complete -c moorage -n ${quoted(`__moorage_is ${quoted(path)} ${place}`)}`
    return [
        ...(words.length === 0 ? [] : [`${where} -a ${quoted(words.join(" "))}`]),
        ...(from === "none" ? [] : [`${where} -F`]),
    ]
}

function rowLines({ path, commands, options, arguments: places }: CompletionRow): string[] {
    const where = `complete -c moorage -n ${quoted(`__moorage_is ${quoted(path)} 0`)}`
    return [
        ...commands.map(({ name, summary }) => `${where} -a ${name} -d ${quoted(summary)}`),
        ...places.flatMap((kind, place) => argumentLine(path, kind, place)),
        ...options.map(option => optionLine(path, option)),
    ]
}

/** The script for fish, 3.0 and later. */
export function fishScript(rows: CompletionRow[]): string {
    const paths = rows.filter(({ path }) => path !== "").map(({ path }) => quoted(path))
    const takes = rows.flatMap(({ path, options }) =>
        options
            .filter(({ kind, isOptional }) => kind !== undefined && !isOptional)
            .flatMap(({ names }) => names.map(name => quoted(`${path} ${name}`)))
    )
    return `# Completion of moorage for fish; made by: moorage completion fish
set -g __moorage_commands ${paths.join(" ")}
set -g __moorage_takes ${takes.join(" ")}

# Whether the command line is at this command, and if asked, at this of its arguments.
function __moorage_is
    set -l at ''
    set -l place 0
    set -l isValue 0
    for word in (commandline -opc)[2..-1]
        if test $isValue = 1
            set isValue 0
        else if string match -q -- '-*' $word
            contains -- "$at $word" $__moorage_takes; and set isValue 1
        else if test $place = 0; and contains -- (string trim -- "$at $word") $__moorage_commands
            set at (string trim -- "$at $word")
        else
            set place (math $place + 1)
        end
    end
    test "$at" = "$argv[1]"; and begin
        test (count $argv) = 1; or test $place = $argv[2]
    end
end

function __moorage_at_files
    for file in (__fish_complete_path (string replace -r '^@' '' -- (commandline -ct)))
        echo "@$file"
    end
end

complete -c moorage -f
${rows.flatMap(rowLines).join("\n")}
`
}
