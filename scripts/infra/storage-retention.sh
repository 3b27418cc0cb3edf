#!/bin/sh
# The retention of a stack: storage-retention.sh plan|apply|verify; --help lists the options.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ ! -x "$root/.venv/bin/python" ]; then
  echo "storage-retention.sh: $root/.venv is missing; run \`make setup\` first" >&2
  exit 2
fi
PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$root/.venv/bin/python" -m retention "$@"
