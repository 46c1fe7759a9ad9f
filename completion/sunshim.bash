# bash completion for sunshim(1)

# The names that -p takes: NAME.policy in the directories sunshim looks in.
_sunshim_policies() {
    local dir file bin
    bin=$(readlink -f "$(command -v sunshim)") || bin=
    for dir in "${_sunshim_dirs[@]}" "${XDG_CONFIG_HOME:-$HOME/.config}/sunshim" /etc/sunshim \
        ${bin:+"${bin%/*}/../policies" "${bin%/*}/../share/sunshim/policies"}; do
        for file in "$dir"/*.policy; do
            [ -e "$file" ] || continue
            file=${file##*/}
            printf '%s\n' "${file%.policy}"
        done
    done
}

# Files for words with a slash or dot, names otherwise.
_sunshim_policy() {
    mapfile -t COMPREPLY < <(compgen -W "$(_sunshim_policies)" -- "$cur"; compgen -f -- "$cur")
    compopt -o filenames
}

# Where the command begins that `run` starts, or 0: options with a value take two words.
_sunshim_command_at() {
    local i=2
    while [ "$i" -lt "$COMP_CWORD" ]; do
        case ${COMP_WORDS[i]} in
            --) echo $((i + 1)); return ;;
            -p | -I | --policy | --include | --rule | --apparmor | --profile | --log | --error-exitcode | --expect | --junit | --tap | --allow-unseen | --pass | --anon) i=$((i + 2)) ;;
            -o | --output | -e | -P | -s | --path | --family | --color | --waiting | --from | --merge) i=$((i + 2)) ;;
            -*) i=$((i + 1)) ;;
            *) echo "$i"; return ;;
        esac
    done
    if [ "$i" -eq "$COMP_CWORD" ] && [[ ${COMP_WORDS[i]} != -* ]]; then echo "$i"; else echo 0; fi
}

# Calls for -e: the last of a list, behind trace= and !.
_sunshim_calls() {
    local head=${cur%"${cur##*[=,!]}"}
    mapfile -t COMPREPLY < <(compgen -P "$head" -W 'socket socketpair bind listen accept accept4 connect send sendto sendmsg sendmmsg
        recv recvfrom recvmsg recvmmsg getsockname getpeername getsockopt setsockopt shutdown inherit exec %network trace= status=' -- "${cur##*[=,!]}")
    [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
}

# Sockets by name: files, and abstract names that need no quoting.
_sunshim_socket() {
    if [[ $cur = @* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(sed -n 's/.* \(@[A-Za-z0-9@/_.:+-]*\)$/\1/p' /proc/net/unix 2>/dev/null)" -- "$cur")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -f -- "$cur"; compgen -W 'pid tcp: udp:' -- "$cur")
    [[ ${COMPREPLY[*]} != *p: ]] || compopt -o nospace
    compopt -o filenames
}

_sunshim() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} sub=${COMP_WORDS[1]} options='' at i
    local common='-p --policy --rule --apparmor -I --include -h --help'
    local _sunshim_dirs=()
    COMPREPLY=()
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i - 1]} in -I | --include) _sunshim_dirs+=("${COMP_WORDS[i]}") ;; esac
    done
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W 'run trace learn report check explain who doctor env version help --help --version' -- "$cur")
        return
    fi
    if [ "$sub" = run ] || [ "$sub" = trace ] || [[ $sub = learn && " ${COMP_WORDS[*]} " != *' --from '* ]] || [[ $sub = doctor && " ${COMP_WORDS[*]:2:COMP_CWORD-2} " = *' -- '* ]]; then
        at=$(_sunshim_command_at)
        if [ "$at" -gt 0 ]; then
            if declare -F _command_offset >/dev/null; then _command_offset "$at"; else mapfile -t COMPREPLY < <(compgen -c -- "$cur"); fi
            return
        fi
    fi
    if [ "$sub" = trace ]; then
        case $prev in
            -e) _sunshim_calls; return ;;
            -p) mapfile -t COMPREPLY < <(compgen -W "$(ps -eo pid= 2>/dev/null)" -- "$cur"); return ;;
            -P | --path) return ;;
            --family) mapfile -t COMPREPLY < <(compgen -W 'unix inet inet6 netlink packet' -- "$cur"); return ;;
            --color | --waiting) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur"); return ;;
            -o | --output | --from) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames; return ;;
        esac
    fi
    if [ "$sub" = learn ] && { [[ $prev = -o || $prev = --output || $prev = --merge || $prev = --from ]] ||
        [[ $cur != -* && " ${COMP_WORDS[*]:0:COMP_CWORD} " = *' --from '* ]]; }; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames; return
    fi
    case $prev in
        -p | --policy) _sunshim_policy; return ;;
        -I | --include) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); compopt -o filenames; return ;;
        --allow) mapfile -t COMPREPLY < <(compgen -W 'shadowed duplicate redundant never wide key unused inet' -- "$cur"); return ;;
        --apparmor | --coverage | --html | --log | --expect | --junit | --tap)
            mapfile -t COMPREPLY < <(compgen -f -- "$cur"; [ "$prev" != --log ] || compgen -W 'stderr fd: journal' -- "$cur")
            compopt -o filenames
            return ;;
        --allow-unseen) mapfile -t COMPREPLY < <(compgen -c -- "$cur"); return ;;
        --rule | --profile | --error-exitcode | --pass | --anon) return ;;
    esac
    case $sub in
        run) options="$common --profile --complain --log --json --trace --track --long-paths --repair --shorten --keep --no-follow --pass --anon --error-exitcode --expect --leftovers --junit --tap --allow-unseen --exec" ;;
        env) options="$common --profile --complain --log --json --long-paths --repair --no-follow --pass --shell" ;;
        trace) options="${common/-p --policy/--policy} --profile --complain --log --json --track --long-paths --repair --shorten --keep --no-follow --pass --anon --error-exitcode --allow-unseen
            --expect --leftovers --junit --tap -o --output -A -e --family -P --path -z -Z -c -C --summary-only --summary --color --waiting --normalize --from -f -p" ;;
        learn) options="$common --profile --complain --log --json --track --long-paths --repair --shorten --keep --no-follow --pass --anon --allow-unseen
            -o --output --from --merge --force --denied" ;;
        check) options="$common --allow --coverage --error" ;;
        explain) options="$common --profile" ;;
        report) options='--html --dot --json -p --policy -I --include -h --help' ;;
        who) options='--json -h --help' ;;
        doctor) options='--json --try -p --policy --rule -I --include -h --help' ;;
        help) mapfile -t COMPREPLY < <(compgen -W 'run trace learn report check explain who doctor env version help' -- "$cur"); return ;;
        *) return ;;
    esac
    if [[ $cur = -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    elif [ "$sub" = explain ]; then
        _sunshim_policy
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'create bind autobind listen accept connect send receive
            getattr setattr getopt setopt shutdown inherit family= type= protocol= addr= peer_addr= ip= port= peer_ip= peer_port=
            peer_label= peer_scope= peer_made= peer_uid= peer_exe= fd= exempt= exe= profile=' -- "$cur")
        [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
    elif [ "$sub" = check ]; then
        _sunshim_policy
    elif [ "$sub" = who ]; then
        _sunshim_socket
    elif [ "$sub" = doctor ] || [ "$sub" = report ]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        compopt -o filenames
    fi
}
complete -F _sunshim sunshim
