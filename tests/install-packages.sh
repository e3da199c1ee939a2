#!/bin/sh
# Installs the Debian packages that tests need, when it can; otherwise says plainly what is missing. Silent when all is there.
set -u
PATH="$PATH:/usr/local/sbin:/usr/sbin"

missing() {
  command -v mosquitto >/dev/null 2>&1 || printf ' mosquitto'
  command -v chromium >/dev/null 2>&1 || printf ' chromium'
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || printf ' postgresql'
  fc-list 2>/dev/null | grep -qi dejavu || printf ' fonts-dejavu-core fontconfig'
}

packages=$(missing)
[ -z "$packages" ] && exit 0
if [ "$(id -u)" = 0 ]; then sudo=""; elif sudo -n true 2>/dev/null; then sudo="sudo"; else sudo="none"; fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$sudo" = none ]; then
  echo "The tests need these Debian packages:$packages"
  echo "Install them (as root: apt-get install --no-install-recommends$packages) and run make test again."
  exit 1
fi
echo "Installing Debian packages for the tests:$packages"
$sudo apt-get update -qq || true
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null || {
  echo "apt-get could not install:$packages. Install them by hand and run make test again."; exit 1; }
packages=$(missing)
[ -z "$packages" ] || { echo "Still missing after their installation:$packages. Install them by hand."; exit 1; }
