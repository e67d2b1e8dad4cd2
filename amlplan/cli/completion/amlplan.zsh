#compdef amlplan
# Completion of amlplan in zsh: source <(amlplan completion zsh)
_amlplan() {
    local line
    local -a whole open whole_texts open_texts
    for line in "${(@f)$("${words[1]}" completion words "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        case ${line%%$'\t'*} in
            "") ;;
            *[=/]) open+=("${line%%$'\t'*}") open_texts+=("${line//$'\t'/  -- }") ;;
            *) whole+=("${line%%$'\t'*}") whole_texts+=("${line//$'\t'/  -- }") ;;
        esac
    done
    (( $#whole )) && compadd -l -d whole_texts -a whole
    (( $#open )) && compadd -l -S '' -d open_texts -a open
    return 0
}
compdef _amlplan amlplan
