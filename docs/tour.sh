#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The README's tour with curl, run and checked against a development server:
#   touchgate serve --dev --listen 127.0.0.1:8080 --vendors 127.0.0.1:8081
#   TG=http://127.0.0.1:8080 VENDORS=http://127.0.0.1:8081 docs/tour.sh
# It needs bash, curl, grep and sed. Each step says what it shows; the first one
# that doesn't show it ends the tour with status 1.
set -euo pipefail
: "${TG:=http://127.0.0.1:8080}" "${VENDORS:=http://127.0.0.1:8081}"
AUTH='Authorization: Bearer dev-key'

# call METHOD PATH [BODY]: one curl, without its progress.
call() { curl -sS -X "$1" "$TG$2" -H "${TOKEN:-$AUTH}" ${3:+-d "$3"}; }
# first KEY: the first value of a key in the JSON on standard input.
first() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | sed 's/.*":"//; s/"$//' || true; }
# shows WHAT TEXT PATTERN: the step is good when the text holds the pattern.
shows() {
  if grep -qE -- "$3" <<<"$2"; then echo "ok: $1"; return; fi
  printf 'NOT SHOWN: %s\nwanted: %s\ngot: %s\n' "$1" "$3" "$2" >&2
  exit 1
}
# becomes ID PATTERN: the touch, as soon as it shows the pattern (10 s at most).
becomes() {
  for _ in $(seq 100); do
    seen=$(call GET "/v1/touches/$1")
    if grep -qE -- "$2" <<<"$seen"; then break; fi
    sleep 0.1
  done
  echo "$seen"
}

echo '== one touch on each of the six channels'
for channel in sms push popup inbox ai_call; do
  sent=$(call POST /v1/touches '{
    "key": "hello-'$channel'", "customer": "ada", "category": "service",
    "plan": [{"channel": "'$channel'", "template": "loan-offer", "params": {"amount": "5000"}}],
    "addresses": {"sms": "+447700900001", "ai_call": "+447700900001", "push": "device-1"}}')
  shows "$channel is delivered" "$(becomes "$(first id <<<"$sent")" '"state":"delivered"')" '"state":"delivered"'
done
sent=$(call POST /v1/touches '{
  "key": "hello-rm_task", "customer": "ada", "category": "service",
  "plan": [{"channel": "rm_task", "title": "Call Ada about the loan", "assign": {"queue": "retail"}}]}')
task=$(first id <<<"$sent")
shows 'rm_task is at the desk' "$(becomes "$task" '"state":"sent"')" '"state":"sent"'

echo '== the same key again is the same touch'
shows 'repeated' "$(call POST /v1/touches '{
    "key": "hello-sms", "customer": "ada", "category": "service",
    "plan": [{"channel": "sms", "template": "loan-offer", "params": {"amount": "5000"}}],
    "addresses": {"sms": "+447700900001", "ai_call": "+447700900001", "push": "device-1"}}')" '"repeated":true'
shows 'another content is a conflict' "$(call POST /v1/touches '{
  "key": "hello-sms", "customer": "ada", "category": "service",
  "plan": [{"channel": "inbox", "content": {"body": "something else"}}]}')" '"status":409'

echo '== a refusal, with every finding'
refused=$(call POST /v1/touches '{
  "key": "offer-1", "customer": "bob", "category": "marketing",
  "plan": [{"channel": "inbox", "template": "loan-offer", "params": {"amount": "5000"}}]}')
shows 'refused for want of consent' "$refused" '"state":"refused".*"reason":"retail-outreach/consent"'
shows 'and every other rule was evaluated' "$refused" '"rule":"retail-outreach/weekly"'

echo '== a deferral, with its instant'
# A zone in which it is two at night now, whenever that is.
east=$(((26 - 10#$(date -u +%H)) % 24))
zone=$([ "$east" -le 14 ] && echo "Etc/GMT-$east" || echo "Etc/GMT+$((24 - east))")
call PUT /v1/customers/eve '{"zones": ["'"$zone"'"]}' >/dev/null
call POST /v1/customers/eve/consents '{"consents": [{"scope": "marketing", "granted": true, "at": "2026-01-01T00:00:00Z", "evidence": "form 17"}]}'
deferred=$(call POST /v1/touches '{
  "key": "offer-2", "customer": "eve", "category": "marketing",
  "plan": [{"channel": "inbox", "template": "loan-offer", "params": {"amount": "5000"}}]}')
shows 'waits for the morning' "$deferred" '"state":"due".*"decision":"defer","until":"20[^"]*T[^"]*00:00Z".*"rule":"retail-outreach/quiet-hours"'

echo '== a fallback from push to sms after no receipt'
curl -sS "$VENDORS/control" -d '{"provider": "fcm", "behaviour": {"receipts": {"off": true}}}'
sent=$(call POST /v1/touches '{
  "key": "code-1", "customer": "ada", "category": "transactional",
  "plan": [{"channel": "push", "content": {"title": "Your code", "body": "4711"}, "wait": "2s", "until": "delivered"},
           {"channel": "sms", "content": {"body": "Your code is 4711"}}],
  "addresses": {"push": "device-1", "sms": "+447700900001"}}')
fallback=$(becomes "$(first id <<<"$sent")" '"state":"delivered"')
shows 'sms after push' "$fallback" '"channel":"push",[^}]*"contact":"attempt".*"channel":"sms",[^}]*"contact":"delivered"'
curl -sS "$VENDORS/control" -d '{"provider": "fcm", "behaviour": {}}'

echo '== the inbox of the customer'"'"'s app'
TOKEN="Authorization: Bearer $(call POST /v1/customers/ada/tokens '{"expires_in": "15m"}' | first token)"
shows 'one is unread' "$(call GET /v1/app/unread)" '"unread":1'
message=$(call GET /v1/app/inbox | first id)
call POST "/v1/app/inbox/$message:read"
shows 'it is read' "$(call GET /v1/app/unread)" '"unread":0'
unset TOKEN
shows 'and the touch knows' "$(becomes "${message%.*}" touch.read)" '"kind":"touch.read"'

echo '== a task completed with an outcome that starts a cool-down'
call POST /v1/customers/ada/consents '{"consents": [{"scope": "marketing", "granted": true, "at": "2026-01-01T00:00:00Z"}]}'
TOKEN="Authorization: Bearer $(call POST /v1/managers/max/tokens '{"queues": ["retail"]}' | first token)"
shows 'it is in the queue' "$(call GET '/v1/desk/tasks?queue=retail')" "\"id\":\"$task.0\""
call POST "/v1/desk/tasks/$task.0:claim"
call POST "/v1/desk/tasks/$task.0:complete" '{"outcome": "refused", "note": "has a loan elsewhere"}'
unset TOKEN
shows 'the outcome is in the history' "$(becomes "$task" touch.outcome)" '"outcome":"refused"'
shows 'no marketing for 60 days' "$(call POST /v1/touches:check '{
  "key": "offer-3", "customer": "ada", "category": "marketing",
  "plan": [{"channel": "inbox", "template": "loan-offer", "params": {"amount": "5000"}}]}')" '"decision":"refuse".*"rule":"retail-outreach/refused"'

echo '== the events of all of it'
shows 'the feed' "$(call GET '/v1/events?after=0&limit=5')" '"kind":"touch.accepted"'
