#!/bin/sh
# deploy.sh OVERLAY: the schema first, then the services, a pod at a time. Nothing of the services is
# touched unless the migration has ended well. OVERLAY is a directory, such as overlays/production.
set -eu
overlay=${1:?"Usage: deploy.sh OVERLAY"}
[ -f "$overlay/kustomization.yaml" ] || { echo "$overlay: holds no kustomization.yaml" >&2; exit 2; }
namespace=$(sed -n 's/^namespace: *//p' "$overlay/kustomization.yaml")
: "${namespace:?"$overlay: names no namespace"}"
services='app.kubernetes.io/component in (api,websocket,worker)'
others='app.kubernetes.io/component notin (api,websocket,worker,migrate)'
migration='app.kubernetes.io/component=migrate'
in_it() { kubectl --namespace "$namespace" "$@"; }

# What is told to everybody who may read a ConfigMap holds no secret.
secret='[A-Z0-9_]*(SECRET(_ID)?|PASSWORD|TOKEN|DSN|(API|ACCESS|PRIVATE|ENCRYPTION|SIGNING|JWT)_KEYS?(_ID|_PREVIOUS)?)'
found=$(kubectl kustomize "$overlay" | grep -oE "^  ($secret|(DATABASE|VALKEY)_([A-Z0-9_]+_)?URL|LOG_WEBHOOK_URL|OTEL_EXPORTER_OTLP_HEADERS): " || true)
if [ -n "$found" ]; then
  echo "Not among settings, but by secrets.sh:" $(printf %s "$found" | tr -d ':') >&2
  exit 78
fi
kubectl apply --kustomize "$overlay" --selector "$others"
in_it delete job insightdesk-migrate --ignore-not-found --wait
kubectl apply --kustomize "$overlay" --selector "$migration"

ended() { in_it get job insightdesk-migrate --output "jsonpath={.status.conditions[?(@.type==\"$1\")].status}"; }
tries=0
until [ "$(ended Complete)" = True ]; do
  tries=$((tries + 1))
  if [ "$(ended Failed)" = True ] || [ $tries -ge 330 ]; then
    in_it logs job/insightdesk-migrate --tail=50 >&2 || true
    echo "The migration has not ended well; the services are as they were." >&2
    exit 1
  fi
  sleep "${POLL_SECONDS:-2}"
done

kubectl apply --kustomize "$overlay" --selector "$services"
for service in worker websocket api; do
  in_it rollout status "deployment/insightdesk-$service" --timeout=10m
done
