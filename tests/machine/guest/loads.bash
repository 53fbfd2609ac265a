# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: loads that run while something happens, and what happened to them.

# loads_start: to the NAS and to the web, UDP and TCP, both families. It runs until loads_stop, which prints the result.
# A turn takes 200 ms and asks the NAS twice, so a datagram goes to it every 100 ms in each family, and in one of both
# every 33 or 67. Each question takes an emulated processor some 20 ms in all that it passes through, the proxy first.
# If those to the web were as many, a question asked meanwhile would not be answered in time beside another machine.
loads_start ()
{
  rm -f $WORLD/load $WORLD/load.all
  spawn load '' $LOAD 200 $WORLD/load "${TURN[@]}"
  until_true 60 test -e $WORLD/load.all || die "the load does not get through: $(loads_stop)"
}

loads_stop ()
{
  reap load
  note "$(sed 's/^/load: /' $WORLD/load)"
}

# strangers_reset, strangers_saw: "intranet N web N", the number of packets at the café, the impostor's router and the
# impostor. Packets to the web are also counted at home's router, which they can only reach directly.
# What they see is also written down for people, because nobody should have to guess which packet it was.
strangers_reset ()
{
  local host

  [[ -s $WORLD/dump-home.pid ]] || strangers_dump
  for host in home cafe evil impostor; do
    ! gone "$(<$WORLD/dump-$host.pid)" || note "the tcpdump at $host has ended"
    : >$WORLD/dump-$host.log
    on $host nft reset counters >/dev/null
  done
}

strangers_dump ()
{
  local host to='(tcp or udp) and (dst net 192.168.22.0/24 or dst net fd00:22::/64)'
  local web="dst host $WEB4 or dst host $WEB6"

  spawn dump-home home tcpdump -lnn -Q in -i lan "$web"
  spawn dump-cafe cafe tcpdump -lnn -Q in -i lan "$web or ($to)"
  spawn dump-evil evil tcpdump -lnn -Q in -i lan "$web or ($to and not port 67)"
  spawn dump-impostor impostor tcpdump -lnn -Q in -i eth0 "$to"
  for host in home cafe evil impostor; do
    until_true 60 grep -qs listening $WORLD/dump-$host.log || die "no tcpdump at $host"
  done
}

strangers_saw ()
{
  local host counts intranet=0 web=0

  for host in home cafe evil impostor; do
    counts=($(watched_both $host))
    ((${#counts[@]} == 2)) || { echo "nobody knows what $host saw"; return; }
    # Home is no stranger to the intranet, and nothing for the web comes to the impostor's.
    [[ $host == home ]] || : $((intranet += counts[0]))
    [[ $host == impostor ]] || : $((web += counts[1]))
  done
  echo "intranet $intranet web $web"
}

none_out ()
{
  is "$1: not one packet reached a stranger, none for the web went straight" "$(strangers_saw)" \
    "intranet 0 web 0" && return
  note "$(grep -h "^[0-9]" $WORLD/dump-*.log | sed 20q)"
}

# link_watch, link_times: when wlan0's link went down, and when it was up again ("down MS", "up MS", of the day), from
# rtnetlink.
link_watch () { spawn link '' ip -ts -o monitor link dev wlan0; until_true 5 test -d "/proc/$(<$WORLD/link.pid)"; }
link_times ()
{
  awk '
    match($0, /T[0-9:.]+\]/) {
      split(substr($0, RSTART + 1, RLENGTH - 2), t, ":")
      ms = int((t[1] * 3600 + t[2] * 60 + t[3]) * 1000)
      state = $0 ~ / state UP / ? "up" : "down"
      if (state != before && before != "") print state, ms
      before = state
    }' $WORLD/link.log
}
links_up () { link_times | grep -c ^up; }

# gaps HOST PORT: prints "GAP AFTER" each time wlan0's link came up. GAP is the milliseconds between the last datagram
# before it and the first one after it at that host. AFTER is the milliseconds since the link was up.
gaps ()
{
  awk '
    FILENAME == ARGV[1] { if ($1 == "up") up[++n] = $2; next }
    $1 == "udp" { split($NF, t, ":"); at[++m] = (t[1] * 3600 + t[2] * 60 + t[3]) * 1000 }
    END {
      for (i = 1; i <= n; i++) {
        before = after = ""
        for (j = 1; j <= m; j++) {
          if (at[j] <= up[i]) before = at[j]
          else { after = at[j]; break }
        }
        if (before != "" && after != "") printf "%d %d\n", after - before, after - up[i]
      }
    }' <(link_times) <(grep "^udp [0-9.]* [0-9]* $2 " "$WORLD/$1.seen")
}
