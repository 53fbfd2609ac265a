# SPDX-License-Identifier: GPL-2.0-or-later
# nm-divert in the lab: installed, configured, inspected.

# Where the build installs its helper.
LAB_HELPER=$(jq -r 'to_entries[] | select(.key | endswith("/nm-divert-helper")).value' \
  "${NM_DIVERT_BUILDDIR-}/meson-info/intro-installed.json" 2>/dev/null)

# hide_legacy: the helper sees a kernel without legacy tables.
hide_legacy ()
{
  mv "$LAB_HELPER" "$LAB_HELPER.real"
  printf '#!/bin/sh\nexec env LD_PRELOAD=%s %s "$@"\n' "$NM_DIVERT_BUILDDIR/tests/lab/libno-legacy.so" \
    "$LAB_HELPER.real" >"$LAB_HELPER"
  chmod 755 "$LAB_HELPER"
}

# LAB_WITHOUT_LEGACY: if not empty, see hide_legacy.
# Really installs the build. /usr and /etc are overlays, so it disappears with the lab.
lab_install ()
{
  lab_overlay /var
  DESTDIR='' meson install --no-rebuild --quiet -C "$NM_DIVERT_BUILDDIR" >"$LAB_LOGS/install.log" 2>&1 \
    || lab_die "meson install failed"
  [[ -z ${LAB_WITHOUT_LEGACY-} ]] || hide_legacy
  lab_configure
  # The bus reads a new policy and new services only when it is told to.
  gdbus call --system -d org.freedesktop.DBus -o /org/freedesktop/DBus -m org.freedesktop.DBus.ReloadConfig >/dev/null
}

# LAB_BACKEND: the packet filter that the lab is run with; empty: the product's own choice.
# lab_unown: from now on, the helper is one to whom the kernel gives no table of its own (Linux before 6.9), so that
# other programs can touch what is in nftables.
lab_unown () { install -m 755 "$NM_DIVERT_BUILDDIR/tests/lab/nm-divert-helper-unowned" "$LAB_HELPER"; }

# lab_hasten: from now on, the helper exits after half a second without a call, if nothing needs it.
lab_hasten () { install -m 755 "$NM_DIVERT_BUILDDIR/tests/lab/nm-divert-helper-hasty" "$LAB_HELPER"; }

# lab_configure [KEY=VALUE…]: makes the site "home" with the UUID, the intranet, and the given keys. "group:KEY=VALUE"
# goes into that group instead.
lab_configure ()
{
  local item
  local -A groups=(
    [proxy]="group=$LAB_GROUP"
    [divert]=${LAB_BACKEND:+backend=$LAB_BACKEND}
    ["site home"]="connection-uuid=$HOME_UUID"$'\n'"intranet=192.168.22.0/24;fd00:22::/64;2001:db8:22::/64"
  )

  for item; do
    if [[ $item == [a-z]*:*=* && ${item%%:*} != *=* ]]; then
      groups[${item%%:*}]+=$'\n'${item#*:}
    else
      groups["site home"]+=$'\n'$item
    fi
  done
  mkdir -p /etc/nm-divert
  for item in proxy divert "site home"; do
    [[ -z ${groups[$item]} ]] || printf '[%s]\n%s\n' "$item" "${groups[$item]}"
  done >/etc/nm-divert/nm-divert.conf
  chmod 644 /etc/nm-divert/nm-divert.conf
}

# call METHOD ARGUMENT…: calls the helper as root.
call ()
{
  local method=$1
  shift

  gdbus call --system --timeout 10 -d org.nmdivert.Helper1 -o /org/nmdivert/Helper1 \
    -m "org.nmdivert.Helper1.$method" "$@"
}

refresh ()
{
  call Refresh "${1:-manual}" >/dev/null
}

# switch_to MODE…: runs "nm-divert switch". Its output goes to the logs.
switch_to ()
{
  nm-divert switch "$@" >>"$LAB_LOGS/switch.log" 2>&1
}

# status KEY: one value of "nm-divert status --json". Lists have one item per line.
status ()
{
  nm-divert status --json 2>>"$LAB_LOGS/status.log" | python3 -c '
import json, sys
value = json.load(sys.stdin).get(sys.argv[1], "no such key")
print("\n".join(map(str, value)) if isinstance(value, list) else value)' "$1"
}

place_is ()
{
  [[ $(status place) == "$1" ]]
}

# tables [OPTION…]: mangle and nat of both families, our table of nftables, the rules and routes, and the fence's
# device, without comments.
tables ()
{
  local table command

  for command in iptables-legacy-save ip6tables-legacy-save; do
    for table in mangle nat; do
      echo "## $command $table"
      "$command" -t "$table" "$@" | sed -e '/^#/d'
    done
  done
  echo "## nft"
  # Which process it belongs to changes with each helper.
  nft list table inet nm-divert 2>/dev/null |
    sed -e 's/ counter packets [0-9]* bytes [0-9]*//; s/ # progname.*//; /^\tflags/d'
  for command in -4 -6; do
    echo "## ip $command"
    ip "$command" rule
    ip "$command" route show table 2233 2>/dev/null
    ip "$command" route show table 2234 2>/dev/null
  done
  ip -o link show nm-divert-fence 2>/dev/null | cut -d' ' -f2
}

# The tables without the packet counters of built-in chains.
plain_tables ()
{
  tables "$@" | sed -E 's/^(:[^ ]+ [^ ]+) \[[0-9]+:[0-9]+\]/\1/'
}

with_nftables () { [[ ${LAB_BACKEND:-nftables} == nftables ]]; }

# of_backend IPTABLES NFTABLES: that of the two which is true with the lab's backend.
of_backend ()
{
  if with_nftables; then
    echo "$2"
  else
    echo "$1"
  fi
}

# grants: what may go straight to the intranet, whichever backend says so: "DEVICE FROM TO" of each rule, without TO if
# the internet may as well.  A chain's first rule has our tag.
grants ()
{
  local command

  for command in iptables-legacy-save ip6tables-legacy-save; do
    "$command" -t mangle | sed -nE '/^-A LOCAL_(INTRANET_)?DIVERT -s /!d
      s#^\S+ \S+ -s (\S+)( -d (\S+))? -o (\S+)( -m comment --comment \S+)? -j RETURN.*#\4 \1 \3#; s#/(32|128) # #; p'
  done
  nft list chain inet nm-divert grants 2>/dev/null |
    sed -nE 's#^\s*(ip6? daddr (\S+) )?ip6? saddr (\S+) oif "(\S+)" accept.*#\4 \3 \2#p'
}

helper_pid ()
{
  pgrep -x nm-divert-helpe
}

# The process that watches that the helper reacts.
sentinel_pid ()
{
  pgrep -x divert-sentinel
}

# All of the helper's processes.
helper_pids ()
{
  helper_pid
  sentinel_pid
}

# becomes PLACE [SECONDS]: waits until the helper says so.
becomes ()
{
  until_true "${2:-10}" place_is "$1"
}

# At home, with what each of its addresses may do.  The place becomes home with the first one, and when the machine is
# busy, those of the other family come a second later.
home_is_whole ()
{
  local all prefix

  all=$(grants)
  for prefix in 192.168.22. fd00:22: 2001:db8:22:; do
    [[ $all == *"wlan0 $prefix"* ]] || return 1
  done
  place_is home
}

# A change of place ends flows a moment after its rules hold, and may hit one that began on them.  A person's change is
# answered when all of them have ended, also if it changes nothing.  Call it in the mode "auto", before flows that must
# live.
flows_have_ended () { switch_to auto; }

# Away, and the reason is the gateway.
away_by_gateway () { place_is away && [[ $(status reason) == *gateway* ]]; }

# writes COMMAND…: how many times the helper writes to the kernel's tables, rules and routes while COMMAND runs, as
# strace sees it.
writes ()
{
  local trace=$LAB_LOGS/strace.out pid

  pid=$(helper_pid) || lab_die "no helper to trace"
  : >"$trace"
  strace -f -qq -e trace=setsockopt,sendto,sendmsg -o "$trace" -p "$pid" 2>>"$LAB_LOGS/strace.log" &
  local tracer=$!
  until_true 20 grep -q "^TracerPid:.*[1-9]" "/proc/$pid/status" || lab_die "strace does not attach"
  "$@"
  kill "$tracer"
  wait "$tracer" 2>/dev/null
  # Setting up a socket, or asking for a dump, isn't a write.  Nor does the renewal of the guard's grants belong to
  # COMMAND: that touches elements of a set and nothing else.
  grep -cE -e 'SO_SET_REPLACE|SO_SET_ADD_COUNTERS|NFT_MSG_(NEW|DEL)(TABLE|CHAIN|SET|RULE)[^A-Z]' \
    -e 'RTM_(NEW|DEL)(RULE|ROUTE|LINK)|SOCK_DESTROY' "$trace"
}

# path_of DESTINATION: what "nm-divert explain" says.
path_of ()
{
  nm-divert explain "$1" --json 2>>"$LAB_LOGS/status.log" |
    python3 -c 'import json, sys; print(json.load(sys.stdin).get("path"))'
}

# --- the helper's log and work ---------------------------------------------------------

# The number of lines it has written so far.
log_length () { wc -l <"$LAB_LOGS/dbus.log"; }

# came LINE PLACE: how often the helper got to PLACE since that line of its log.
came () { tail -n +"$1" "$LAB_LOGS/dbus.log" | grep -c ": place $2:"; }

# Hundredths of a second of processor time that the helper has used.
helper_ticks ()
{
  local words
  read -ra words <"/proc/$(helper_pid)/stat"
  echo $((words[13] + words[14]))
}

# --- what "nm-divert explain" says of the NAS --------------------------------------------

# explained FILTER: a part of its JSON, extracted with jq.
explained () { nm-divert explain "$NAS4" --json 2>>"$LAB_LOGS/explain.log" | jq -r "$1"; }
gateway_fails () { [[ $(explained '.reason_code + " " + .reason_proof') == "proof-failed gateway-mac" ]]; }
