#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes random secrets for compose.yaml, once. Replace the vendors' by real ones.
# Only the user who runs this can read them; compose runs Touchgate as that user,
# by the ids in .env. Run by root, they belong to the image's own user.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
chmod 700 secrets
random() { head -c 32 /dev/urandom | base64 | tr -d '/+=\n'; }
for name in postgres-password redis-password app-secret; do
  [ -e "secrets/$name" ] || random >"secrets/$name"
done
for name in sms-main sms-standby dialler; do
  [ -e "secrets/$name" ] || printf 'whsec_%s' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')" >"secrets/$name"
done
[ -e secrets/ledger-dsn ] ||
  printf 'postgres://touchgate:%s@postgres:5432/touchgate?sslmode=disable' "$(cat secrets/postgres-password)" >secrets/ledger-dsn
chmod 600 secrets/*
user=$(id -u) group=$(id -g)
if [ "$user" = 0 ]; then
  user=65532 group=65532
  chown -R "$user:$group" secrets
fi
printf 'TOUCHGATE_UID=%s\nTOUCHGATE_GID=%s\n' "$user" "$group" >.env
