#!/bin/sh
# fetch-debs.sh DEST PACKAGE...
# Downloads packages and their missing dependencies, and unpacks them into DEST. Needs no root, installs
# nothing, and uses the mirrors of apt's configuration.
#   SUITE=trixie    uses this suite of the same mirrors, without dependencies
#   SOURCE=package  also downloads this source package into DEST
set -eu
dest=$1
shift

apt=$dest/.apt
log=$apt/log
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts" "$apt/source"
touch "$apt/sources.list"
options="-o Dir::State=$apt -o Dir::State::lists=$apt/lists -o Dir::State::status=/var/lib/dpkg/status
  -o Dir::Cache=$apt/cache -o Dir::Etc::SourceList=$apt/sources.list -o Dir::Etc::SourceParts=$apt/parts
  -o Debug::NoLocking=1 -o Acquire::Languages=none -o Acquire::Retries=3"
if [ "$(id -u)" = 0 ]; then options="$options -o APT::Sandbox::User=root"; fi

run() { "$@" >>"$log" 2>&1; }
require() { run "$@" || { tail -n 12 "$log" >&2; exit 1; }; }
# A broken source is ignored; a package that is then missing is an error.
update() { run apt-get $options update -q || true; }

. /etc/os-release
keyring=/usr/share/keyrings/$ID-archive-keyring.gpg
if [ ! -f "$keyring" ]; then keyring=; fi

add_suite() { # SUITE KIND...: adds another suite of all configured mirrors
  suite=$1
  shift
  for mirror in $(apt-get update --print-uris |
    sed -n "s|^'\(.*\)/dists/$VERSION_CODENAME/main/.*|\1|p" | sort -u); do
    for kind in "$@"; do
      echo "$kind ${keyring:+[signed-by=$keyring]} $mirror $suite main" >>"$apt/parts/$suite.list"
    done
  done
  update
}

if [ -n "${SUITE:-}" ]; then
  add_suite "$SUITE" deb deb-src
  cd "$apt/cache/archives"
  require apt-get $options download -q "$@"
  if [ -n "${SOURCE:-}" ]; then
    cd "$apt/source"
    require apt-get $options source -q --download-only "$SOURCE"
    mv "$apt"/source/* "$dest"
  fi
else
  if [ -f /etc/apt/sources.list ]; then cp /etc/apt/sources.list "$apt/sources.list"; fi
  for file in /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    if [ -f "$file" ]; then cp "$file" "$apt/parts/"; fi
  done
  update
  for package in "$@"; do
    if apt-cache $options show "$package" >/dev/null 2>&1; then continue; fi
    add_suite "$VERSION_CODENAME-backports" deb # contains Valkey for Debian 12
    break
  done
  require apt-get $options install -q --yes --no-install-recommends --download-only --reinstall "$@"
fi

for deb in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$dest"; done
rm -rf "$apt"
