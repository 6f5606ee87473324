#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the models: the designs hold, and each part that is taken out is missed. Needs spin and a C compiler (apt-get install spin gcc).
set -euo pipefail
cd "$(dirname "$0")"
command -v spin >/dev/null || { echo 'spin is missing: apt-get install spin'; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# explore MODEL NAME FLAGS... prints how many errors spin finds
explore() {
  local model=$1 dir="$tmp/$1-$2"; shift 2
  mkdir "$dir"; cp "$model.pml" "$dir"
  (cd "$dir" && spin "$@" -a "$model.pml" >/dev/null && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c 2>/dev/null &&
    timeout 120 ./pan -m2000000 -E >out 2>&1 || true)
  grep -q 'State-vector' "$dir/out" || { echo "the search of $dir did not end" >&2; exit 1; }
  if grep -q 'max search depth too small' "$dir/out"; then echo "the search of $dir was cut short" >&2; exit 1; fi
  grep -oE '[0-9]+ states, stored' "$dir/out" | head -1 >&2
  grep -oE 'errors: [0-9]+' "$dir/out" | grep -oE '[0-9]+'
}

fail=0
# check MODEL CLAIM PARTS... checks a model whole, and without each of its parts
check() {
  local model=$1 claim=$2 n part; shift 2
  n=$(explore "$model" whole)
  if [ "$n" = 0 ]; then echo "the design: $claim"; else echo "the design of $model is VIOLATED"; fail=1; fi
  for part in "$@"; do
    n=$(explore "$model" "$part" "-D$part")
    if [ "$n" != 0 ]; then echo "without it ($part): spin finds a violation, as it must"; else echo "$part: NOT missed"; fail=1; fi
  done
}
check caps 'no way over the cap, no double send' NO_EPOCH NO_OWNER NO_INTENT NO_CAS
check brake 'no call after the answer, and nobody else disturbed' NO_CONFIRM NO_WAIT READ_END ONE_NUMBER
exit $fail
