# Completion of amlplan in bash: source <(amlplan completion bash)
_amlplan() {
    local line=${COMP_LINE:0:COMP_POINT} word current words
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    current=${words[-1]}
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        # Bash begins a new word behind = and completes that alone.
        [[ $current == *=* && $COMP_WORDBREAKS == *=* ]] && word=${word#*=}
        [[ $word == *[\"\ \[]* ]] && printf -v word %q "$word"
        COMPREPLY+=("$word")
    done < <("${words[0]}" completion words "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace
    return 0
}
complete -o nosort -F _amlplan amlplan
