#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the default configuration unless there is one already. A second "meson
# install" must not undo what a person wrote.
set -eu

target=${DESTDIR-}$2/nm-divert.conf
[ -e "$target" ] || install -D -m 0644 "$1" "$target"
