#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a person sees at home and in a café, for tests/pictures. The text goes to the standard output, and everything
# else to the standard error.
source "$(dirname "$0")/lab.bash"
lab_enter "$@"

exec {PICTURE}>&1 >&2

say () { printf '%s\n' "$@" >&"$PICTURE"; }

# show COMMAND: prints it and its output, folded as a terminal does it.
show ()
{
  say "\$ $1"
  bash -c "$1" 2>&1 | fold -w 110 >&"$PICTURE"
  say ""
}

lab_up
roam home home
lab_install
lab_configure "gateway-mac=$HOME_MAC"
nmcli device reapply wlan0
becomes home
until_true 10 home_is_whole

say "# At home"
show "nm-divert status"
show "nm-divert explain $NAS4:445 | head -n 4"

roam cafe cafe
becomes away
say "# In a café, the same NAS"
show "nm-divert status | head -n 3"
show "nm-divert explain $NAS4:445 | head -n 4"
TAP_DONE=1
