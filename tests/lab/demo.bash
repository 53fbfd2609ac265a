#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The show: nm-divert's main job with real parts, step by step. Run it with tests/demo, which installs and builds what
# it needs. DEMO_PAUSE=SECONDS waits between the steps.
source "$(dirname "$0")/lab.bash"
source "$LAB_DIR/rules/article.bash"
lab_enter "$@"

WRONG=0

title ()
{
  echo
  echo "== $*"
  pause "${DEMO_PAUSE:-0.01}"
}

say ()
{
  printf '   %s\n' "$@"
}

# show COMMAND…: prints the command and its output.
show ()
{
  local word line=
  for word; do
    line+=" ${word:-\"\"}"
  done

  echo "   \$$line"
  "$@" 2>&1 | sed 's/^/   | /'
}

# meaning ANSWER: which path a question took, judged by who answered and what source address he saw.
meaning ()
{
  case $1 in
    impostor*) echo "A STRANGER HAS IT" ;;
    "nas $HOME4" | "nas $HOME6" | "nas $HOMEG") echo "through the proxy, by way of the home router" ;;
    "nas "*) echo "straight" ;;
    "inet $ABROAD4" | "inet $ABROAD6") echo "through the proxy, by way of abroad" ;;
    "inet "*) echo "straight, past the proxy" ;;
    home | cafe | evil) echo "straight, past the proxy" ;;
    *) echo "no answer" ;;
  esac
}

# row WHAT ANSWER WANTED: one line of the table of paths.
row ()
{
  local way mark=
  way=$(meaning "$2")

  if [[ -n $3 && $way != "$3" ]]; then
    mark="   <-- WRONG, it should be: $3"
    WRONG=$((WRONG + 1))
  fi
  printf '   %-38s %-32s %s%s\n' "$1" "${2/ / saw }" "$way" "$mark"
}

# ways NAS-WAY [WEB-WAY]: asks, and prints which path each question took.
ways ()
{
  local web=${2-"through the proxy, by way of abroad"}

  printf '   %-38s %-32s %s\n' "a packet to" "was answered by" "so it went"
  row "the NAS, TCP ($NAS4)" "$(who tcp "$NAS4" --timeout 700)" "$1"
  row "the NAS, UDP" "$(who udp "$NAS4" --timeout 700)" "$1"
  row "the NAS, IPv6 ($NAS6)" "$(who tcp "$NAS6" --timeout 700)" "$1"
  row "the web, TCP ($WEB4)" "$(who tcp "$WEB4" --timeout 700)" "$web"
  row "the web, UDP, IPv6 ($WEB6)" "$(who udp "$WEB6" --timeout 700)" "$web"
  row "DNS, UDP, the local resolver" "$(who_resolves udp "$(lab_gateway)" --timeout 700)" "$web"
  row "DNS, TCP, the local resolver" "$(who_resolves tcp "$(lab_gateway)" --timeout 700)" "$web"
}

rules ()
{
  nft list table inet nm-divert 2>/dev/null |
    sed -E 's/^\t*//; s/ counter packets [0-9]+ bytes [0-9]+//; /^(table .*|\}|)$/d'
}

# changed: how our rules differ from those at its last call.
changed ()
{
  rules >/run/lab/rules-now
  touch /run/lab/rules-then
  say "what changed in the rules (nft list table inet nm-divert; '-' before, '+' after):"
  diff -U0 /run/lab/rules-then /run/lab/rules-now | sed -nE 's/^([-+])([^-+].*)$/   | \1 \2/p'
  mv /run/lab/rules-now /run/lab/rules-then
}

where ()
{
  say "place: $(status place)   reason: $(status reason)"
}

impostor_count ()
{
  local count
  count=$(watched impostor)
  say "packets that reached the impostor in the NAS's place so far: $count"
  ((count == 0)) || WRONG=$((WRONG + 1))
}

cat <<'END'
nm-divert: a laptop's own traffic goes through a local transparent proxy; the home
intranet is reached straight at home, and through the proxy everywhere else.

         the web, DNS          abroad (ss-server)
              '------- internet -------'
        .----------------+------------------.
      home              café          the evil café: the same subnet,
   router, ss-server   10.66.0.0/24   another router, and an impostor
   192.168.22.0/24                    in the NAS's place
   NAS .2
                 the laptop moves between these

NetworkManager, its dispatcher, dbus-daemon, dnsmasq, v2ray and ss-server are the real
ones; only the cables are virtual.  All of it is gone when this program ends.
END

title "1. The laptop at home, without nm-divert"
lab_up
roam home home
show nmcli -t -f NAME,DEVICE,STATE connection show --active
ways "straight" "straight, past the proxy"

title "2. Rules laid by hand, which take the source address for the place, in the evil café"
article_lay
roam evil home
say "Same subnet, same addresses, and someone sits in the NAS's place:"
ways "" ""
article_remove
roam home home

title "3. nm-divert is installed, and told what home is"
lab_install
lab_configure "gateway-mac=$HOME_MAC"
show cat /etc/nm-divert/nm-divert.conf
watch impostor
say "the next event from NetworkManager's dispatcher starts the helper:"
show nmcli device reapply wlan0
becomes home
show nm-divert status
ways "straight"
changed

title "4. To the café: another network, another profile"
roam cafe cafe
becomes away
where
ways "through the proxy, by way of the home router"
changed

title "5. Home again"
roam home home
becomes home
where
ways "straight"

title "6. The evil café: the laptop is carried there, on the profile of home"
say "Same subnet, same addresses, the same profile, and the impostor again."
say "Meanwhile a program sends the NAS 500 datagrams a second."
spawn stream "$LAB_PROBE" stream udp "$NAS4" 80 500 30
pause 0.3
plug evil
up home
becomes away
pause 0.5
reap stream
where
ways "through the proxy, by way of the home router"
say "the stream: $(tail -n 1 "$LAB_LOGS/stream.log")"
impostor_count
show nm-divert explain "$NAS4:445"

title "7. Home, and a person's word"
roam home home
becomes home
where
show nmcli connection modify home connection.zone public
becomes away
where
show nmcli connection modify home connection.zone ""
becomes home
where
show nm-divert switch away
where
show nm-divert switch auto
becomes home

title "8. Switched off: exactly what was there before"
show nm-divert switch off
becomes off
say "rules of ours that are left: $(rules | wc -l)"
ways "straight" "straight, past the proxy"

echo
if ((WRONG)); then
  echo "$WRONG things went wrong."
else
  echo "All went as it should."
fi
TAP_DONE=1
exit $((WRONG > 0))
