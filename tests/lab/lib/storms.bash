# SPDX-License-Identifier: GPL-2.0-or-later
# Storms.  The laptop roams from home to a stranger with the home subnet and back under a steady load, and each time
# something strikes: tables are flushed, the helper is killed.  Every packet for the NAS and for the web that the laptop
# puts on the stranger's wire is counted there.
#
# The load goes to the NAS and to the web, over IPv4 and IPv6, by UDP and TCP.  The port tells the kind of socket: 80 an
# ordinary one, 443 one that is bound to the device, 445 a long-lived connection.  Most roams are a carrier that is lost
# and found again (the profile stays active); every fifth one activates another profile.  The carrier is away for a
# tenth of a second at least, as in a roam between Wi-Fi access points (K4.3).  The strike comes before the carrier is
# lost, while there is none, or at the stranger's.  How long before and after is left to chance.  Everything else waits
# for what happens: the roam ends when the stranger's wire has carried proxied packets again, and the next one begins
# when the NAS is reached directly and the web isn't.
#
# The helper runs under tests/lab/unit, which restarts it, watches it and withdraws its grants as systemd does.

STORM_KINDS=(plain legacy-flush nft-flush lock kill stop conntrack restore)
STORM_MOMENTS=(before between after)
STORM_DARK=0.1  # seconds without a carrier, at least
STORM_LINES=8   # twenty proxied packets each, before a roam ends
STORM_BATCH=15  # roams with the same streams and the same proxy, which keeps a socket per session for minutes

storms_up ()
{
  lab_up
  lab_install
  lab_configure "gateway-mac=$HOME_MAC"
  # If the bus asks systemd for a helper that has just died, systemd waits for the restart.
  sed -i 's/^Exec=.*/Exec=\/usr\/bin\/sleep 5/' /usr/share/dbus-1/system-services/org.nmdivert.Helper1.service
  gdbus call --system -d org.freedesktop.DBus -o /org/freedesktop/DBus -m org.freedesktop.DBus.ReloadConfig >/dev/null
  spawn unit "$LAB_DIR/unit" "$(find /usr/lib/systemd /lib/systemd -name nm-divert-helper.service | head -n 1)"
  spawn wire-evil on evil "$LAB_PROBE" wire air "$NAS4" "$NAS6" "$NASG" "$WEB4" "$WEB6"
  spawn wire-home on home "$LAB_PROBE" wire air "$WEB4" "$WEB6"
  until_true 20 grep -q ready "$LAB_LOGS/wire-evil.log" && until_true 20 grep -q ready "$LAB_LOGS/wire-home.log" ||
    lab_die "no capture"
  roam home home
  until_true 20 storm_whole || lab_die "not at home: $(status reason)"
  exec {STORM_WIRE}<"$LAB_LOGS/wire-evil.log" {STORM_UNIT}<"$LAB_LOGS/unit.log"
  storm_save
}

# storm_heard FD TIMES SECONDS TEXT: reads on in a growing log until TIMES lines have TEXT.
storm_heard ()
{
  local line end=$(($(now_us) + $3 * 1000000)) left=$2

  while ((left > 0)); do
    if ! read -r line <&"$1"; then
      (($(now_us) < end)) || return 1
      pause 0.01
    elif [[ $line == *"$4"* ]]; then
      left=$((left - 1))
    fi
  done
}

# storm_skip FD: skips what the log has said so far.
storm_skip ()
{
  while read -r _ <&"$1"; do :; done
}

# --- the load -----------------------------------------------------------------------

storm_load ()
{
  local address

  for address in "$NAS4" "$NAS6" "$WEB4" "$WEB6"; do
    spawn "load-udp-$address" "$LAB_PROBE" stream udp "$address" 80 100 600
    spawn "load-tcp-$address" "$LAB_PROBE" stream tcp "$address" 80 10 600
    spawn "load-bound-udp-$address" "$LAB_PROBE" stream --bind-device wlan0 udp "$address" 443 100 600
    spawn "load-bound-tcp-$address" "$LAB_PROBE" stream --bind-device wlan0 tcp "$address" 443 10 600
  done
}

storm_unload ()
{
  local name

  for name in "${!LAB_PIDS[@]}"; do
    [[ $name != load-* && $name != hold-* ]] || reap "$name"
  done
}

storm_refresh_proxy ()
{
  reap v2ray
  lab_proxy_start
  until_true 20 listens laptop tcp "$LAB_TPROXY_PORT" || lab_die "v2ray does not start"
  until_true 15 storm_whole || lab_die "the proxy does not serve"
}

# Connections that began at home, like a mounted share's.
storm_hold ()
{
  reap hold-4
  reap hold-6
  spawn hold-4 "$LAB_PROBE" hold --chat 20 tcp "$NAS4" 445
  spawn hold-6 "$LAB_PROBE" hold --chat 20 tcp "$NASG" 445
}

# --- where the laptop is ---------------------------------------------------------------

# storm_asks ADDRESS ANSWER
storm_asks () { [[ $(who udp "$1" --timeout 300) == $2 ]]; }

# At home with whole rules: the NAS is reached directly, and the web through the proxy.
storm_whole ()
{
  storm_asks "$NAS4" "nas $LAPTOP_HOME4" && storm_asks "$NAS6" "nas fd00:22::ff:*" &&
    storm_asks "$WEB4" "inet $ABROAD4" && storm_asks "$WEB6" "inet $ABROAD6"
}

storm_come_home ()
{
  unplug
  pause "$STORM_DARK"
  if [[ $1 == carrier ]]; then plug home; else roam home home; fi
  until_true 15 storm_whole && return
  note "roam $STORM_ROAM: not whole at home: $(status reason) $(status problems)"
  { ip address; ip rule; ip -6 rule; ip -6 route; nmcli device show wlan0; tables; } >"$LAB_LOGS/not-whole.log" 2>&1
  nm-divert reload >>"$LAB_LOGS/reload.log" 2>&1
  until_true 15 storm_whole || lab_die "not home again: $(status reason) $(status problems)"
}

# --- what strikes ----------------------------------------------------------------------

# Somebody saves the tables at home, and means well.
storm_save ()
{
  iptables-legacy-save >/run/lab/home.4
  ip6tables-legacy-save >/run/lab/home.6
  { echo flush ruleset; nft list ruleset; } >/run/lab/home.nft
}

storm_helper () { sed -n 's/^unit: started //p' "$LAB_LOGS/unit.log" | tail -n 1; }

strike_plain () { :; }

strike_legacy-flush ()
{
  local command table

  for command in iptables-legacy ip6tables-legacy; do
    for table in mangle nat filter raw; do
      "$command" -t $table -F
      "$command" -t $table -X
    done
  done
}

strike_nft-flush () { nft flush ruleset; }
strike_lock () { spawn locker flock -o /run/xtables.lock sleep 30; }
strike_kill () { kill -KILL "$(storm_helper)"; }
strike_stop () { kill -STOP "$(storm_helper)"; }
strike_conntrack () { conntrack -F &>>"$LAB_LOGS/struck.log"; }

# The legacy tables and nftables are restored by different programs, so by turns.  Where tables can have an owner, the
# kernel refuses all that nft has saved, and nft says so at length.
strike_restore ()
{
  if ((STORM_ROAM % 2)); then
    nft -f /run/lab/home.nft &>>"$LAB_LOGS/struck.log"
  else
    iptables-legacy-restore /run/lab/home.4
    ip6tables-legacy-restore /run/lab/home.6
  fi
}

storm_is_open () { [[ $(ip -4 route show table 2234)$(ip -6 route show table 2234) == *throw* ]]; }

# Waits until the unit has restarted the helper.  If nothing is granted, the watchdog gives a helper that hangs a whole
# minute, and the storm doesn't wait for that.
storm_recover ()
{
  case $1 in
    kill) storm_heard "$STORM_UNIT" 1 10 "unit: started" || note "roam $STORM_ROAM: no helper again" ;;
    stop)
      if storm_is_open; then
        storm_heard "$STORM_UNIT" 1 10 "unit: started" || note "roam $STORM_ROAM: no helper again"
      fi
      ;;
  esac
}

# Stays at the stranger's until his wire is in use.
storm_outlast ()
{
  storm_recover "$1"
  storm_skip "$STORM_WIRE"
  storm_heard "$STORM_WIRE" $STORM_LINES 8 others || note "roam $STORM_ROAM ($*): the proxy is not in use again"
  case $1 in
    lock) reap locker ;;
    stop) kill -CONT "$(storm_helper)" ;;
  esac
}

# --- a roam ----------------------------------------------------------------------------

storm_dice () { pause "0.$(printf %03d $((RANDOM % $1)))"; }

# storm_roam KIND MOMENT: logs "BEGIN KIND MOMENT WAY STRUCK", with times in microseconds.
storm_roam ()
{
  local kind=$1 moment=$2 way=carrier begin struck=0

  ((STORM_ROAM % 5 != 1)) || way=profile
  storm_hold
  storm_skip "$STORM_UNIT"
  begin=$(now_us)
  if [[ $moment == before ]]; then
    struck=$(now_us)
    "strike_$kind"
    storm_dice 300
  fi
  unplug
  pause "$STORM_DARK"
  if [[ $moment == between ]]; then
    struck=$(now_us)
    "strike_$kind"
    storm_dice 200
  fi
  if [[ $way == carrier ]]; then plug evil; else roam evil cafe; fi
  if [[ $moment == after ]]; then
    storm_dice 400
    struck=$(now_us)
    "strike_$kind"
  fi
  storm_outlast "$kind" "$moment" $way
  echo "$begin $kind $moment $way $struck" >>"$LAB_LOGS/roams"
  storm_come_home $way
}

# storm KIND ROAMS [NTH]: begins with the NTH moment.
storm ()
{
  local i

  for ((i = 0; i < $2; i++)); do
    ((i % STORM_BATCH)) || storm_load
    STORM_ROAM=$((i + ${3:-0}))
    storm_roam "$1" "${STORM_MOMENTS[STORM_ROAM % ${#STORM_MOMENTS[@]}]}"
    ((i % STORM_BATCH < STORM_BATCH - 1)) || storm_unload
    ((i % STORM_BATCH < STORM_BATCH - 1)) || storm_refresh_proxy
  done
  storm_unload
}

storms_down ()
{
  reap wire-evil
  reap wire-home
  awk -v nas="$NAS4 $NAS6 $NASG" -f "$LAB_DIR/lib/storms.awk" "$LAB_LOGS/roams" \
    where=stranger "$LAB_LOGS/wire-evil.log" where=home "$LAB_LOGS/wire-home.log" >"$LAB_LOGS/storms"
}
