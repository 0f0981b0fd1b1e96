#!/bin/sh
# secrets.sh NAMESPACE DIRECTORY: creates a Secret per service from the files of DIRECTORY, one file per secret,
# named like it (DATABASE_URL, JWT_SECRET, …). Each service gets all of them except those that only others use
# (shared/foundation/config/service-secrets.ts). OUTPUT=DIRECTORY writes the manifests there instead of applying them.
set -eu
namespace=${1:?"Usage: secrets.sh NAMESPACE DIRECTORY"}
given=${2:?"Usage: secrets.sh NAMESPACE DIRECTORY"}

missing=
for name in DATABASE_URL DATABASE_MIGRATION_URL DATABASE_RELAY_URL DATABASE_IDENTITY_URL VALKEY_URL \
  JWT_SECRET JWT_REFRESH_SECRET ENCRYPTION_KEY; do
  [ -n "$(cat "$given/$name" 2>/dev/null)" ] || missing="$missing $name"
done
[ -z "$missing" ] || { echo "Missing secrets in $given:$missing" >&2; exit 78; }

belongs() { # SERVICE NAME
  case $2 in
  DATABASE_MIGRATION_URL) [ "$1" = migrate ] ;;
  DATABASE_RELAY_URL) [ "$1" = worker ] ;;
  DATABASE_IDENTITY_URL) [ "$1" = api ] ;;
  JWT_SECRET) [ "$1" != websocket ] && [ "$1" != worker ] ;;
  JWT_REFRESH_SECRET | ENCRYPTION_* | SMTP_* | AWS_* | AZURE_* | CLOUDINARY_*) [ "$1" != websocket ] ;;
  *[!A-Z0-9_]*) false ;; # other files, such as a README
  *) true ;;
  esac
}
for service in api websocket worker migrate; do
  set --
  for file in "$given"/*; do
    name=${file##*/}
    if [ -f "$file" ] && belongs "$service" "$name"; then set -- "$@" "--from-file=$name=$file"; fi
  done
  manifest=$(kubectl create secret generic "insightdesk-$service" --namespace "$namespace" "$@" --dry-run=client --output yaml)
  if [ -n "${OUTPUT:-}" ]; then
    (umask 077 && printf '%s\n' "$manifest" >"$OUTPUT/$service.yaml")
  else
    # Server-side, because client-side apply copies the secret into an annotation.
    printf '%s\n' "$manifest" | kubectl apply --server-side --filename -
  fi
done
