import { knowledge, quoted, type CompletionRow } from "./completion-table.js"

/** `name:what it is`, for _describe. */
const described = (name: string, what: string) => quoted(`${name.replaceAll(":", "\\:")}:${what}`)

function listsOf({ commands, options }: CompletionRow) {
    const list = (words: string[]) => `(${words.join(" ")})`
    return {
        commands: list(commands.map(({ name, summary }) => described(name, summary))),
        options: list(
            options.flatMap(({ names, description }) => names.map(name => described(name, description)))
        ),
    }
}

/** The script for zsh: sourced, or a file _moorage in the fpath. */
export function zshScript(rows: CompletionRow[]): string {
    return `#compdef moorage
# Completion of moorage for zsh; made by: moorage completion zsh
${knowledge(rows, listsOf)}

_moorage() {
    local at= kind= takes= word
    local -i place=1 i=2
    local -a commands options places
    _moorage_has ""
    while ((i < CURRENT)); do
        word=\${words[i]}
        ((i += 1))
        if [[ $word == -* ]]; then
            [[ $word == *=* ]] && continue
            _moorage_takes "$at" "$word" || continue
            [[ $takes == "maybe "* && \${words[i]} == -* ]] && continue
            if ((i >= CURRENT)); then
                kind=\${takes#* }
                break
            fi
            ((i += 1))
        elif ((place == 1)) && [[ -n \${(M)commands:#$word:*} ]]; then
            at=\${at:+$at }$word
            _moorage_has "$at"
        else
            ((place += 1))
        fi
    done
    if [[ -z $kind && \${words[CURRENT]} == -*=* ]] && _moorage_takes "$at" "\${words[CURRENT]%%=*}"; then
        compset -P '*='
        kind=\${takes#* }
    fi
    if [[ -n $kind ]]; then
        _moorage_fill "$kind"
    elif [[ \${words[CURRENT]} == -* ]]; then
        _describe option options
    elif ((place == 1 && $#commands > 0)); then
        _describe command commands
    elif [[ -n \${places[place]} ]]; then
        _moorage_fill "\${places[place]}"
    else
        _describe option options
    fi
}

_moorage_fill() {
    local from=\${1%% *}
    [[ $1 == *" "* ]] && compadd -- \${=1#* }
    case $from in
    file) _files ;;
    dir) _files -/ ;;
    at)
        compset -P @
        _files
        ;;
    esac
}

if [[ \${funcstack[1]} == _moorage ]]; then _moorage "$@"; else compdef _moorage moorage; fi
`
}
