# Completion of amlplan in fish: amlplan completion fish | source
function __amlplan_words
    set -l before (commandline -opc)
    $before[1] completion words $before[2..-1] (commandline -ct) 2>/dev/null
end
complete -c amlplan -f -k -a '(__amlplan_words)'
