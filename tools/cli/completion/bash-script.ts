import { knowledge, quoted, type CompletionRow } from "./completion-table.js"

function listsOf({ commands, options }: CompletionRow) {
    return {
        commands: quoted(commands.map(({ name }) => name).join(" ")),
        options: quoted(options.flatMap(({ names }) => names).join(" ")),
    }
}

/** The script for bash, 3.2 and later. */
export function bashScript(rows: CompletionRow[]): string {
    return `# Completion of moorage for bash; made by: moorage completion bash
${knowledge(rows, listsOf)}

_moorage() {
    local cur=$2 line=\${COMP_LINE:0:COMP_POINT} path= kind= takes= place=0 i=1
    local word words last commands options places
    # Not COMP_WORDS, which are cut at = : and @ too.
    read -a words <<<"$line"
    [[ $line == *" " ]] && words+=("")
    last=$((\${#words[@]} - 1))
    _moorage_has ""
    while ((i < last)); do
        word=\${words[i]}
        ((i += 1))
        if [[ $word == -* ]]; then
            [[ $word == *=* ]] && continue
            _moorage_takes "$path" "$word" || continue
            [[ $takes == "maybe "* && \${words[i]} == -* ]] && continue
            if ((i == last)); then
                kind=\${takes#* }
                break
            fi
            ((i += 1))
        elif [[ $place == 0 && " $commands " == *" $word "* ]]; then
            path=\${path:+$path }$word
            _moorage_has "$path"
        else
            ((place += 1))
        fi
    done
    word=\${words[last]}
    if [[ -z $kind && $word == -*=* ]] && _moorage_takes "$path" "\${word%%=*}"; then
        kind=\${takes#* }
    elif [[ -z $kind && $word != -* ]]; then
        if [[ $place == 0 && -n $commands ]]; then kind="none $commands"; else kind=\${places[place]}; fi
    fi
    _moorage_fill "$cur" "\${kind:-none $options}"
}

_moorage_fill() {
    local cur=$1 from=\${2%% *} words= IFS=$' \\t\\n'
    [[ $2 == *" "* ]] && words=\${2#* }
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    IFS=$'\\n'
    case $from in
    file) COMPREPLY+=($(compgen -f -- "$cur")) ;;
    dir) COMPREPLY+=($(compgen -d -- "$cur")) ;;
    at) COMPREPLY+=($(compgen -P @ -f -- "\${cur#@}")) ;;
    *) return ;;
    esac
    compopt -o filenames 2>/dev/null
}

complete -F _moorage moorage
`
}
