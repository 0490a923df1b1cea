# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A Debian 12 with nothing but its base packages, in a chroot: source this, bare_new DIR, bare_run DIR.
# Needs root. Mounts and processes live in namespaces of their own, so that nothing outlives bare_run.

bare_cache=${XDG_CACHE_HOME:-$HOME/.cache}/collectivex
bare_suite=bookworm

# The lines of sources.list this machine itself uses for Debian 12, whatever their mirror.
bare_sources() {
    # shellcheck disable=SC2016 # the dollars are apt's
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        grep -E " $bare_suite(-updates|-security)? " | sort -u | sed 's/^/deb /'
}

# Path of the packed base system, made once and again when it is a month old.
bare_tarball() {
    local tarball=$bare_cache/$bare_suite.tar work mirror extra=()
    if [ -z "$(find "$tarball" -mtime -30 2>/dev/null)" ]; then
        [ -n "$(bare_sources)" ] || apt-get update -q >/dev/null 2>&1 || true
        mirror=$(bare_sources | awk -v suite="$bare_suite" '$3 == suite { print $2; exit }')
        if [ -z "$mirror" ]; then
            echo "error: the apt of this machine has no source for $bare_suite" >&2
            return 1
        fi
        [[ $mirror != https:* ]] || extra=(--include=ca-certificates)
        work=$(mktemp -d) && mkdir -p "$bare_cache" || return 1
        debootstrap --variant=minbase "${extra[@]}" "$bare_suite" "$work/root" "$mirror" >"$work/log" 2>&1 || {
            tail -n 20 "$work/log" >&2
            rm -rf "$work"
            return 1
        }
        rm -rf "$work/root/var/cache/apt/archives"/*.deb "$work/root/var/lib/apt/lists"/*_*
        tar -C "$work/root" -cf "$tarball.$$" . && mv "$tarball.$$" "$tarball"
        rm -rf "$work"
    fi
    echo "$tarball"
}

# bare_new DIR: the base system in DIR, with this checkout (what git would ship) in DIR/checkout.
bare_new() {
    local dir=$1 tarball checkout
    checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    tarball=$(bare_tarball) || return 1
    mkdir -p "$dir/checkout" "$bare_cache/debs/partial"
    tar -C "$dir" -xf "$tarball"
    bare_sources >"$dir/etc/apt/sources.list"
    # How this machine reaches its mirror: proxies, timeouts, validity.
    apt-config dump Acquire | grep -E '^Acquire::(https?|Check|Retries)[^ ]* "[^"]+' \
        >"$dir/etc/apt/apt.conf.d/99host" || true
    cp /etc/resolv.conf /etc/hosts "$dir/etc/"
    if [ -e /etc/ssl/certs/ca-certificates.crt ] && [ -d "$dir/etc/ssl/certs" ]; then
        cp /etc/ssl/certs/ca-certificates.crt "$dir/etc/ssl/certs/"
    fi
    # No .git: a tarball of the sources must work too.
    git -c safe.directory='*' -C "$checkout" ls-files -z --cached --others --exclude-standard |
        tar -C "$checkout" --null -T - --ignore-failed-read -cf - 2>/dev/null |
        tar -C "$dir/checkout" --no-same-owner -xf -
}

# bare_run DIR SECONDS COMMAND...: as root inside, from /checkout, with /proc, /sys and /dev/shm.
bare_run() {
    local dir=$1 seconds=$2
    shift 2
    # shellcheck disable=SC2016 # expanded inside
    timeout --kill-after=30 "$seconds" unshare --mount --pid --fork --kill-child --mount-proc="$dir/proc" \
        bash -euc '
            dir=$1 debs=$2
            shift 2
            mount --rbind /sys "$dir/sys"
            mount -t tmpfs tmpfs "$dir/dev/shm"
            mkdir -p "$dir/dev/pts"
            mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$dir/dev/pts"
            rm -f "$dir/dev/ptmx"
            ln -s pts/ptmx "$dir/dev/ptmx"
            mount --bind "$debs" "$dir/var/cache/apt/archives"
            exec chroot "$dir" env -i HOME=/root LANG=C PATH=/usr/sbin:/usr/bin:/sbin:/bin \
                sh -c "cd /checkout && exec \"\$@\"" sh "$@"' \
        bare "$dir" "$bare_cache/debs" "$@" </dev/null 3>&-
}

# bare_user DIR NAME: a user of that name who owns the checkout.
bare_user() {
    bare_run "$1" 60 sh -c "useradd --create-home --shell /bin/bash $2 && chown -R $2: /checkout"
}
