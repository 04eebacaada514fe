# What the checks of the sandbox share; sourced by them with the program as first argument. Leaves `root`, `recipack`,
# `work` (a folder of its own, which is the current one) and `name`, and ends what it started.

name=$0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
recipack=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/recipack-${name##*/}.XXXXXX")
sandbox=
url=
at_end() {
    if [[ -n $sandbox ]]; then
        kill "$sandbox" 2>/dev/null || true
        wait "$sandbox" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap at_end EXIT
cd "$work"
export RECIPACK_PLATFORM=$work/platform.db
unset WORKATO_API_TOKEN WORKATO_HOST WORKATO_PROFILE

fail() {
    printf '%s: %s\n' "$name" "$1" >&2
    exit 1
}

# Installs Debian's packages that are missing.
needs() { # PROGRAM:PACKAGE...
    local pair missing=()
    for pair; do
        type -P "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    if ((${#missing[@]})); then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
            >"$work/apt.log" 2>&1 || fail "$(tail -n 20 "$work/apt.log")"
    fi
}

# Puts programs from PyPI first on the path.
python_programs() { # PACKAGE==VERSION...
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        needs :python3-venv
    fi
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "$@"
    export PATH="$work/venv/bin:$PATH"
}

# A partner's admin workspace `tarnbeck` with the project `Kestrel Orders` and a shared connector, a customer `alder`
# with the same project in its form for customers, and another account, `farrow`.
world() {
    "$recipack" workspace create tarnbeck --kind admin --id 48213
    "$recipack" workspace create alder --kind customer --of tarnbeck --external-id 'north 7/KT'
    "$recipack" workspace create farrow --kind external
    "$recipack" export "$root/fixtures/partner" --for external -o partner.zip --quiet
    "$recipack" import partner.zip --into local:tarnbeck --folder 'Kestrel Orders' --allow-missing-connectors \
        --yes --quiet
    "$recipack" catalog share 'Parcel Tracker' --in local:tarnbeck --quiet
    "$recipack" workspace export local:tarnbeck --folder 'Kestrel Orders' -o own.zip --quiet
    "$recipack" export own.zip --for customer --catalog local:tarnbeck -o customers.zip --quiet
    "$recipack" import customers.zip --into local:alder --folder 'Kestrel Orders' --allow-missing-connectors \
        --yes --quiet
} >/dev/null

# Starts a sandbox and sets `url`.
start() { # OPTIONS...
    : >sandbox.out # It is read before the program has started.
    "$recipack" sandbox "$@" >sandbox.out 2>sandbox.err &
    sandbox=$!
    local _
    for _ in $(seq 300); do
        url=$(sed -n 's/^listening on //p' sandbox.out)
        [[ -n $url ]] && return
        sleep 0.1
    done
    fail "the sandbox does not listen: $(cat sandbox.err)"
}

# Asks the sandbox to end, and looks how it does.
stop() {
    local code=0
    kill -TERM "$sandbox"
    wait "$sandbox" || code=$?
    sandbox=
    ((code == 143)) || fail "the sandbox ended with $code: $(cat sandbox.err)"
}
