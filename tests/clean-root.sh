#!/usr/bin/env bash
# Both commands of the README from nothing: makes a minimal root of a Debian release, copies a clean clone in, runs
# `make gate` and `make test` there and reports what was installed and how long each took. By hand, as root:
# make clean-root RELEASE=bookworm|trixie|forky
#
# Into the root go, beside debootstrap's minimal base, `make` and `git` alone, as README says a machine needs them.
# The mirror is the one that this machine's apt uses; Debian's mirrors have all releases. KEEP=yes keeps the root for
# a look afterwards.
# Other commands may be named: tests/clean-root.sh "make test SUITES=massif"
# shellcheck disable=SC2016 # the dollars in single quotes are apt's and dpkg's
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'clean-root: %s\n' "$*" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || fail "needs root, for chroot and mount"
command -v debootstrap >/dev/null || fail "needs debootstrap: apt-get install debootstrap"

release=${RELEASE:-bookworm}
mirror_of() { # CODENAME
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | sed -n "s/ $1\$//p" | head -n 1
}
mirror=${MIRROR:-$(mirror_of "$release")}
mirror=${mirror:-$(mirror_of "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)")}
[ -n "$mirror" ] || fail "apt knows no mirror; name one: MIRROR=URL"
# A release that is newer than debootstrap is made as the rolling one.
script=/usr/share/debootstrap/scripts/$release
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid

root=$(mktemp -d "${TMPDIR:-/tmp}/heapgate-root-XXXXXX")
chmod 755 "$root" # apt downloads as a user of its own
clean_up() {
    for place in proc dev/pts; do
        ! mountpoint -q "$root/$place" || umount -l "$root/$place"
    done
    # Never through a mount that could not be taken off.
    if [ "${KEEP:-no}" = yes ] || grep -qF " $root/" /proc/mounts; then
        printf 'clean-root: %s is left\n' "$root"
    else
        rm -rf --one-file-system "$root"
    fi
}
trap clean_up EXIT

# In the root there is nothing of this machine but how it reaches the network: proxies, apt's and pip's settings.
network=()
while IFS='=' read -r name value; do
    case ${name,,} in
    *_proxy | pip_index_url | pip_extra_index_url) network+=("$name=$value") ;;
    pip_cert | ssl_cert_file) network+=("$name=/root/certificates.crt") ;;
    esac
done < <(env)
inside() {
    chroot "$root" env -i HOME=/root LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "${network[@]}" "$@"
}
installed() { inside dpkg-query -W -f '${Package}\n' | LC_ALL=C sort; }
megabytes() { du -xsm --exclude=proc "$root" | cut -f 1; }

echo "clean-root: a minimal $release"
debootstrap --variant=minbase "$release" "$root" "$mirror" "$script" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log" >&2 && fail "debootstrap failed"; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$root/root/certificates.crt"
fi
inside env DEBIAN_FRONTEND=noninteractive apt-get -qq update
inside env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends make git >/dev/null
git clone -q --no-local . "$root/root/heapgate"

status=0
# Baselines are shipped for some releases. Elsewhere the first gate says that it has nothing to compare with, and a
# second one passes when these are captured.
platform=$(inside sh -c '. /etc/os-release; echo "$ID-${VERSION_ID:-}-$(uname -m)"')
if [ $# -eq 0 ] && [ -d "baselines/$platform" ]; then
    set -- "make gate" "make gate" "make test"
elif [ $# -eq 0 ]; then
    captured=":!baselines/$platform"
    set -- "make gate || grep -q '\"exit_status\":3' reports/verdict.json" \
        "build/heapgate update --reason 'first capture'" "make gate" "make test"
fi
for command in "$@"; do
    installed >"$root/before"
    size=$(megabytes)
    seconds=$SECONDS
    echo "clean-root: $command"
    inside env -C /root/heapgate sh -c "$command" || status=1
    seconds=$((SECONDS - seconds))
    installed >"$root/after"
    printf 'clean-root: "%s" took %d s and installed %d packages, %d MB: %s\n' "$command" "$seconds" \
        "$(comm -13 "$root/before" "$root/after" | wc -l)" "$(($(megabytes) - size))" \
        "$(comm -13 "$root/before" "$root/after" | tr '\n' ' ')"
    [ "$status" -eq 0 ] || fail "$command failed"
done
changed=$(inside git -C /root/heapgate status --porcelain -- . ${captured:+"$captured"})
[ -z "$changed" ] || fail "the commands left something in the source tree: $changed"
echo "clean-root: both commands work from nothing"
