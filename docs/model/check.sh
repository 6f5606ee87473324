#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the model: the design holds, and each fence that is taken out is
# missed. Needs spin and a C compiler (apt-get install spin gcc).
set -euo pipefail
cd "$(dirname "$0")"
command -v spin >/dev/null || { echo 'spin is missing: apt-get install spin'; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# explore NAME FLAGS... prints how many errors spin finds
explore() {
  local dir="$tmp/$1"; shift
  mkdir "$dir"; cp caps.pml "$dir"
  (cd "$dir" && spin "$@" -a caps.pml >/dev/null && gcc -O2 -DSAFETY -DCOLLAPSE -o pan pan.c 2>/dev/null &&
    timeout 120 ./pan -m2000000 -E >out 2>&1 || true)
  grep -q 'State-vector' "$dir/out" || { echo "the search of $dir did not end" >&2; exit 1; }
  if grep -q 'max search depth too small' "$dir/out"; then echo "the search of $dir was cut short" >&2; exit 1; fi
  grep -oE '[0-9]+ states, stored' "$dir/out" | head -1 >&2
  grep -oE 'errors: [0-9]+' "$dir/out" | grep -oE '[0-9]+'
}

fail=0
n=$(explore whole)
if [ "$n" = 0 ]; then echo 'the design: no way over the cap, no double send'; else echo 'the design is VIOLATED'; fail=1; fi
for fence in NO_EPOCH NO_OWNER NO_INTENT NO_CAS; do
  n=$(explore "$fence" -D$fence)
  if [ "$n" != 0 ]; then echo "without it ($fence): spin finds a violation, as it must"; else echo "$fence: NOT missed"; fail=1; fi
done
exit $fail
