#!/bin/sh
# Installs the Debian packages that tests need, when it can; otherwise says plainly what is missing.
set -u
missing=""
command -v mosquitto >/dev/null 2>&1 || missing="$missing mosquitto"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
fc-list 2>/dev/null | grep -qi dejavu || missing="$missing fonts-dejavu-core fontconfig"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else sudo="none"; fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$sudo" = none ]; then
  echo "The tests need these Debian packages:$missing"
  echo "Install them (as root: apt-get install --no-install-recommends$missing) and run make test again."
  exit 1
fi
echo "Installing Debian packages for the tests:$missing"
$sudo apt-get update -qq || true
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
  echo "apt-get could not install:$missing. Install them by hand and run make test again."; exit 1; }
