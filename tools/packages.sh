# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Finds and installs what tools/packages.txt lists; sourced by quickstart.sh and test.sh.
# Not a package manager: what is there already, from wherever it came, is left alone.

# Debian keeps some of the programs where a user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin
packages_table="$(dirname "${BASH_SOURCE[0]}")/packages.txt"

# is_present CHECK: does this machine have what the third column of the table asks for?
is_present() {
    case $1 in
    cmd:*) command -v "${1#cmd:}" >/dev/null ;;
    pc:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#pc:}" ;;
    file:*) [ -e "${1#file:}" ] ;;
    *)
        echo "tools/packages.txt: unknown check '$1'" >&2
        exit 3
        ;;
    esac
}

# packages_missing LIST...: prints the packages of these lists that are not there, each once.
packages_missing() {
    local list package check wanted=" $* "
    while read -r list package check; do
        if [[ $wanted == *" $list "* ]] && ! is_present "$check"; then
            echo "$package"
        fi
    done < <(grep -v '^#' "$packages_table") | sort -u
}

# packages_apt COMMAND...: apt-get as root, without questions; its chatter goes to the log.
packages_apt() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=120 \
        "$@" >>"$packages_log" 2>&1 </dev/null
}

packages_install() {
    packages_log=$(mktemp "${TMPDIR:-/tmp}/collectivex-apt.XXXXXX") || return 1
    # An unreachable list is no error yet: the one that is needed may be another, or be here already.
    packages_apt update || true
    if packages_apt install --no-install-recommends "$@"; then
        rm -f "$packages_log"
        return 0
    fi
    tail -n 5 "$packages_log" >&2
    echo "error: apt-get could not install these packages (is there a network?); its whole output is in $packages_log" >&2
    return 1
}

# packages_need MODE LIST...: after this the packages of LIST are there, or the script has ended.
# MODE `check` prints what is missing and ends the script: 0 nothing is, 2 something is.
packages_need() {
    local mode=$1 missing
    shift
    mapfile -t missing < <(packages_missing "$@")
    if [ ${#missing[@]} -eq 0 ]; then
        [ "$mode" = install ] && return
        echo "no package is missing"
        exit 0
    fi
    if [ "$mode" = check ]; then
        echo "missing packages: ${missing[*]}"
        exit 2
    fi
    if ! command -v apt-get >/dev/null; then
        echo "error: missing: ${missing[*]} (names of Debian 12); there is no apt-get here, so install them your way" >&2
        exit 2
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "error: missing: ${missing[*]}; you are not root and there is no sudo: ask for 'apt-get install ${missing[*]}'" >&2
        exit 2
    fi
    echo "installing: ${missing[*]}" >&2
    packages_install "${missing[@]}" || exit 2
}
