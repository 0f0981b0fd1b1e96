#!/bin/sh
# deploy.sh OVERLAY: migrates the schema, then rolls out the services. Services are not changed if the
# migration fails. OVERLAY is a directory, such as overlays/production.
set -eu
overlay=${1:?"Usage: deploy.sh OVERLAY"}
[ -f "$overlay/kustomization.yaml" ] || { echo "$overlay contains no kustomization.yaml" >&2; exit 2; }
namespace=$(sed -n 's/^namespace: *//p' "$overlay/kustomization.yaml")
: "${namespace:?"is missing in $overlay/kustomization.yaml"}"
services='app.kubernetes.io/component in (api,websocket,worker)'
others='app.kubernetes.io/component notin (api,websocket,worker,migrate)'
migration='app.kubernetes.io/component=migrate'
kubectl_in_namespace() { kubectl --namespace "$namespace" "$@"; }

# A ConfigMap must not contain secrets.
secret='[A-Z0-9_]*(SECRET(_ID)?|PASSWORD|TOKEN|DSN|(API|ACCESS|PRIVATE|ENCRYPTION|SIGNING|JWT)_KEYS?(_ID|_PREVIOUS)?)'
found=$(kubectl kustomize "$overlay" | grep -oE "^  ($secret|(DATABASE|VALKEY)_([A-Z0-9_]+_)?URL|LOG_WEBHOOK_URL|OTEL_EXPORTER_OTLP_HEADERS): " || true)
if [ -n "$found" ]; then
  echo "Settings contain secrets, use secrets.sh for these:" $(printf %s "$found" | tr -d ':') >&2
  exit 78
fi
kubectl apply --kustomize "$overlay" --selector "$others"
kubectl_in_namespace delete job insightdesk-migrate --ignore-not-found --wait
kubectl apply --kustomize "$overlay" --selector "$migration"

condition() { kubectl_in_namespace get job insightdesk-migrate --output "jsonpath={.status.conditions[?(@.type==\"$1\")].status}"; }
attempts=0
until [ "$(condition Complete)" = True ]; do
  attempts=$((attempts + 1))
  if [ "$(condition Failed)" = True ] || [ $attempts -ge 330 ]; then
    kubectl_in_namespace logs job/insightdesk-migrate --tail=50 >&2 || true
    echo "The migration failed or timed out; the services were not changed." >&2
    exit 1
  fi
  sleep "${POLL_SECONDS:-2}"
done

kubectl apply --kustomize "$overlay" --selector "$services"
for service in worker websocket api; do
  kubectl_in_namespace rollout status "deployment/insightdesk-$service" --timeout=10m
done
