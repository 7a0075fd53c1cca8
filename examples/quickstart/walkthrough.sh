#!/usr/bin/env bash
# The main job in five minutes, with real kubectl against `neoid standalone` on an empty folder.
#
#   NEOID=path/to/neoid KUBECTL=path/to/kubectl walkthrough.sh [--keep]
#
# Prints each command before it runs it, checks what came of it, and ends with exit code 0 and no process left.
# --keep leaves neoid running and says how to use it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${NEOID:?the neoid program}" "${KUBECTL:?the kubectl program}"

keep=
case ${1:-} in
  --keep) keep=yes ;;
  '') ;;
  *) echo "usage: walkthrough.sh [--keep]" >&2; exit 2 ;;
esac

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi

work=$(mktemp -d "${TMPDIR:-/tmp}/neoid-demo.XXXXXX")
data=$work/data
daemon=
stop() {
  if [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null; then
    kill "$daemon"
    wait "$daemon" 2>/dev/null || true
  fi
}
finish() {
  local code=$?
  if [ $code -ne 0 ]; then
    echo "the walkthrough failed; the last lines of neoid's log:" >&2
    tail -20 "$work/log" >&2 || true
  fi
  if [ -n "$keep" ] && [ $code -eq 0 ]; then return; fi
  stop
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
# Shows a command as a reader would type it, then runs it.
run() {
  printf '%s$ %s%s\n' "$dim" "$*" "$plain"
  "$@"
}
# The same for a command that has to fail.
refused() {
  printf '%s$ %s%s\n' "$dim" "$*" "$plain"
  if "$@" 2>&1; then echo "not as expected: it went through" >&2; exit 1; fi
}
check() { "$@" || { echo "not as expected: $*" >&2; exit 1; }; }

# The commands below say plain `neoid` and `kubectl`, with the configuration in the environment.
mkdir "$work/bin"
ln -s "$(readlink -f "$NEOID")" "$work/bin/neoid"
ln -s "$(readlink -f "$KUBECTL")" "$work/bin/kubectl"
export PATH="$work/bin:$PATH" KUBECONFIG="$data/kubeconfig"
cd "$root"

step "Start neoid: a Kubernetes-compatible API, the controller and a store, in one process and one folder"
printf '%s$ neoid standalone --data %s --listen 127.0.0.1:0 &%s\n' "$dim" "$data" "$plain"
neoid standalone --data "$data" --listen 127.0.0.1:0 >"$work/log" 2>&1 &
daemon=$!
for _ in $(seq 200); do
  [ -s "$data/kubeconfig" ] && kubectl get --raw /readyz >/dev/null 2>&1 && break
  kill -0 "$daemon" 2>/dev/null || exit 1
  sleep 0.05
done
run kubectl config get-contexts

step "Install the resource definitions, as the platform"
run kubectl --context platform apply -f crd/
run kubectl --context platform wait --for=condition=Established crd --all --timeout=20s

step "Apply the quickstart: a namespace, three scopes, two integration users, one system integration user"
run kubectl --context platform apply -f examples/quickstart/

step "Wait until everything is as declared"
run kubectl --context platform wait --for=condition=Ready iscope --all --timeout=30s
run kubectl --context admin wait --for=condition=Ready integrationusers --all --all-namespaces --timeout=30s
run kubectl --context platform wait --for=condition=Ready systemintegrationusers --all --timeout=30s

step "The integration users table"
run kubectl --context admin get integrationusers --all-namespaces
echo "(the admin does not see the platform's own:)"
refused kubectl --context admin get systemintegrationusers

read -r ns name < <(kubectl --context admin get iu -A -o jsonpath='{.items[0].metadata.namespace} {.items[0].metadata.name}{"\n"}')
secret=$(kubectl --context admin get iu -n "$ns" "$name" -o jsonpath='{.status.credentials.secretName}')

step "The Secret that the external system reads (keys only; the values stay where they are)"
# shellcheck disable=SC2016  # the $ are the template's
run kubectl --context admin -n "$ns" get secret "$secret" -o go-template='{{range $key, $value := .data}}{{$key}}{{"\n"}}{{end}}'
client_id=$(kubectl --context admin -n "$ns" get secret "$secret" -o jsonpath='{.data.client_id}' | base64 -d)
(umask 077 && kubectl --context admin -n "$ns" get secret "$secret" -o jsonpath='{.data.client_secret}' | base64 -d >"$work/client-secret")
export NEOID_STORE="sqlite:$data/identity.db"
run neoid store accepts --client-id "$client_id" --client-secret-file "$work/client-secret"

step "With them it gets a token (curl reads ID and secret from a file; the token itself is not shown here)"
token_url=$(kubectl --context admin -n "$ns" get secret "$secret" -o jsonpath='{.data.token_url}' | base64 -d)
(umask 077 && printf 'user = "%s:%s"\n' "$client_id" "$(cat "$work/client-secret")" >"$work/credential")
# Leaves the status in $status; STATUS is waited for, since what was just changed takes some milliseconds.
token() {  # token STATUS
  printf '%s$ curl --cacert %s --config credential -d grant_type=client_credentials %s%s\n' "$dim" "$data/ca.pem" "$token_url" "$plain"
  for _ in $(seq 100); do
    status=$(curl -sS --cacert "$data/ca.pem" --config "$work/credential" -d grant_type=client_credentials \
      -o "$work/answer" -w '%{http_code}' "$token_url")
    [ "$status" = "$1" ] && break
    sleep 0.05
  done
  sed 's/"access_token":"[^"]*"/"access_token":"..."/' "$work/answer"
  echo
  check test "$status" = "$1"
}
token 200

step "Deactivate it by editing its YAML: no door opens any more, at once"
edit() {  # edit FROM TO: what a person would do in an editor
  printf '%s$ kubectl -n %s get iu %s -o yaml >user.yaml; (edit: %s -> %s); kubectl replace -f user.yaml%s\n' \
    "$dim" "$ns" "$name" "$1" "$2" "$plain"
  kubectl --context admin -n "$ns" get iu "$name" -o yaml >"$work/user.yaml"
  sed -i "s/^  $1\$/  $2/" "$work/user.yaml"
  check grep -q "^  $2\$" "$work/user.yaml"
  kubectl --context admin replace -f "$work/user.yaml"
}
edit 'active: true' 'active: false'
run kubectl --context admin -n "$ns" wait --for=jsonpath='{.status.active}'=false iu "$name" --timeout=20s
refused neoid store accepts --client-id "$client_id" --client-secret-file "$work/client-secret"
token 401

step "Reactivate it: the same client ID and credential work again"
edit 'active: false' 'active: true'
run kubectl --context admin -n "$ns" wait --for=jsonpath='{.status.active}'=true iu "$name" --timeout=20s
run neoid store accepts --client-id "$client_id" --client-secret-file "$work/client-secret"
token 200

step "Change the identity behind the controller's back: it is put back, and told"
user_id=$(kubectl --context admin -n "$ns" get iu "$name" -o jsonpath='{.status.userID}')
run sqlite3 "$data/identity.db" "UPDATE users SET display_name = 'Mallory' WHERE user_id = '$user_id'"
for _ in $(seq 100); do
  now=$(sqlite3 "$data/identity.db" "SELECT display_name FROM users WHERE user_id = '$user_id'")
  [ "$now" != Mallory ] && break
  sleep 0.05
done
run sqlite3 "$data/identity.db" "SELECT display_name FROM users WHERE user_id = '$user_id'"
check test "$now" != Mallory
for _ in $(seq 100); do
  kubectl --context admin -n "$ns" get events --field-selector reason=DriftCorrected -o name 2>/dev/null | grep -q . && break
  sleep 0.05
done
run kubectl --context admin -n "$ns" get events --field-selector reason=DriftCorrected
check sh -c "kubectl --context admin -n $ns get events --field-selector reason=DriftCorrected -o name | grep -q ."

step "Delete it: the credential is revoked, its Secret is gone"
run kubectl --context admin -n "$ns" delete iu "$name" --timeout=20s
refused neoid store accepts --client-id "$client_id" --client-secret-file "$work/client-secret"
for _ in $(seq 100); do
  kubectl --context admin -n "$ns" get secret "$secret" >/dev/null 2>&1 || break
  sleep 0.05
done
refused kubectl --context admin -n "$ns" get secret "$secret"

step "Who did what: the audit trail"
run neoid activity "$name"
run neoid activity verify

if [ -n "$keep" ]; then
  cat <<EOF

${bold}neoid is still running (process $daemon).${plain} To use it:
  export KUBECONFIG=$data/kubeconfig
  $KUBECTL get integrationusers -A
To stop it and take its folder away:
  kill $daemon; rm -rf $work
EOF
  disown "$daemon"
  exit 0
fi
step "Done"
printf 'peak memory of neoid: %s\n' "$(awk '/VmHWM/ {printf "%.1f MB", $2 / 1024}' "/proc/$daemon/status")"
