#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes random secrets for compose.yaml, once. Replace the vendors' by real ones.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
umask 077
random() { head -c 32 /dev/urandom | base64 | tr -d '/+=\n'; }
for name in postgres-password redis-password app-secret; do
  [ -e "secrets/$name" ] || random >"secrets/$name"
done
for name in sms-main sms-standby dialler; do
  [ -e "secrets/$name" ] || printf 'whsec_%s' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')" >"secrets/$name"
done
[ -e secrets/ledger-dsn ] ||
  printf 'postgres://touchgate:%s@postgres:5432/touchgate?sslmode=disable' "$(cat secrets/postgres-password)" >secrets/ledger-dsn
# The container's user reads them.
chmod 644 secrets/*
