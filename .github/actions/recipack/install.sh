# Installs the version that is asked for into a folder of its own, if the wheel has the digest that is asked for, and
# says where it is: to later steps by GITHUB_PATH, to scripts that read this one by PATH.
set -e
case $RECIPACK_INPUT_VERSION in
  '' | *[!0-9A-Za-z.+-]*)
    echo "recipack: \`$RECIPACK_INPUT_VERSION\` is no version" >&2
    exit 64
    ;;
esac
if [ -z "$RECIPACK_INPUT_SHA256" ]; then
  echo 'recipack: `sha256` is missing: take the digest of the wheel from SHA256SUMS of the release' >&2
  exit 64
fi
recipack_folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/recipack.XXXXXX")
{
  printf 'recipack==%s' "$RECIPACK_INPUT_VERSION"
  printf '%s\n' "$RECIPACK_INPUT_SHA256" | while read -r digest; do
    case $digest in
      '') ;;
      *[!0-9a-f]*) echo "recipack: $digest is no SHA-256" >&2; exit 64 ;;
      *) printf ' --hash=sha256:%s' "$digest" ;;
    esac
  done
  echo
} >"$recipack_folder/requirements.txt"
python3 -m venv "$recipack_folder/venv"
if [ -n "$RECIPACK_INPUT_WHEELS" ]; then
  set -- --no-index "--find-links=$RECIPACK_INPUT_WHEELS"
else
  set --
fi
"$recipack_folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --require-hashes "$@" -r "$recipack_folder/requirements.txt"
PATH=$recipack_folder/venv/bin:$PATH
export PATH
if [ -n "${GITHUB_PATH:-}" ]; then echo "$recipack_folder/venv/bin" >>"$GITHUB_PATH"; fi
recipack --version
