#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Puts the default configuration in place, unless there is one: a second "meson
# install" must not undo what a person wrote.
set -eu

target=${DESTDIR-}$2/nm-divert.conf
[ -e "$target" ] || install -D -m 0644 "$1" "$target"
