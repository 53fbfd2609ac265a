# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: installing the product, and asking it.

README=/home/anna/nm-divert/README.md
INSTALL=/home/anna/nm-divert/INSTALL.md
HOME_UUID=11111111-2222-4333-8444-000000000022

# readme_block LINE [FILE]: the commands of the first code block after that line in INSTALL.md.
readme_block ()
{
  awk -v line="$1" 'index($0, line) { found = 1 } found && /^ *```$/ { exit } found && inside { print }
    found && /^ *```sh$/ { inside = 1 }' "${2-$INSTALL}"
}

tree_mount () { mountpoint -q /home/anna/nm-divert || mount /home/anna/nm-divert; }
tree_unmount () { umount /home/anna/nm-divert; }

# README's commands, except the one that builds, because that was done on the host.
product_install ()
{
  tree_mount
  (cd /home/anna/nm-divert && readme_block 'Then, everywhere:' | grep -v '^meson setup' >/run/machine/install.sh &&
    grep -q '^sudo meson install' /run/machine/install.sh && bash -e /run/machine/install.sh)
}

# The site is written by hand, because these tests are not about "trust".
product_configure ()
{
  printf '[proxy]\ngroup=nm-divert-proxy\n' >/etc/nm-divert/conf.d/proxy.conf
  backend_configure "$BACKEND"
  cat >/etc/nm-divert/conf.d/home.conf <<END
[site home]
intranet=192.168.22.0/24;fd00:22::/64
connection-uuid=$HOME_UUID
gateway-mac=$HOME_MAC
END
}

# backend_configure [auto|nftables|iptables]
backend_configure ()
{
  if [[ -n $1 ]]; then
    printf '[divert]\nbackend=%s\n' "$1" >/etc/nm-divert/conf.d/backend.conf
    # Only then may the unit use the legacy tables.
    [[ $1 != iptables ]] || { systemctl daemon-reload && systemctl try-restart nm-divert-helper; }
  else
    rm -f /etc/nm-divert/conf.d/backend.conf
  fi
}

# Debian's v2ray as README.md says: in the product's group, with the drop-in that comes for it.
proxy_install ()
{
  local examples=/usr/share/doc/nm-divert/examples

  install -D -m 0644 $examples/proxy-unit.conf /etc/systemd/system/v2ray.service.d/nm-divert.conf
  sed -e "s/1\.1\.1\.1/$WEB4/g" -e "s/abroad\.example\.net/$ABROAD4/; s/home\.example\.net/203.0.113.22/" \
    -e 's/CHANGE-ME/lab-password/g' $examples/v2ray.json >/etc/v2ray/config.json
  systemctl -q enable v2ray
}

# What a proxy that doesn't answer may suffer from: no address to answer to, too many sessions, datagrams that wait.
proxy_state ()
{
  ip -6 -o address show dev wlan0
  echo "descriptors $(find /proc/"$(systemctl show -P MainPID v2ray)"/fd | wc -l), load $(</proc/loadavg)"
  ss -Hlnu 'sport = :22223'
  journalctl -b --no-pager -o short-monotonic -u v2ray -n 5
}

# The last of its listeners.
proxy_listens () { [[ -n $(ss -Hlnu 'sport = :22223 and src [::1]') ]]; }

# The helper has seen them all. It has to look for them, for some once a second.
proxy_taken () { [[ $(status '[.problem_list[] | select(.code == "listener")] | length') == 0 ]]; }

tools_install ()
{
  install -D /home/anna/nm-divert/tools/probe /usr/local/lib/machine/probe
  install -D /home/anna/nm-divert/tools/load /usr/local/lib/machine/load
  cat >/etc/systemd/system/early.service <<END
[Unit]
Description=Ask for the intranet and the web from the first moment on
DefaultDependencies=no
ConditionKernelCommandLine=machine.early
After=local-fs.target
Before=NetworkManager.service
[Service]
Type=exec
ExecStart=/usr/local/lib/machine/load 100 /run/early.log ${TURN[*]}
[Install]
WantedBy=sysinit.target
END
  systemctl -q enable early
  faults_install
}

PROBE=/usr/local/lib/machine/probe
LOAD=/usr/local/lib/machine/load

layer_install ()
{
  booted 300
  product_install >/run/machine/install.log 2>&1 || { cat /run/machine/install.log; return 1; }
  product_configure
  proxy_install
  tools_install
  tree_unmount
  sync
}

layer_home ()
{
  booted 300
  world_up $PROBE
  air_up
  wifi_home
  nm-divert reload
  # Many cases begin here, so there is plenty of time for it.
  wait_place home 90 || { nm-divert status; return 1; }
  # Home is proven by one family, but the other's router may not have announced itself yet.
  until_true 90 ways_are home || { ways_are home; return 1; }
}

# --- asking ----------------------------------------------------------------------------

# booted SECONDS: waits until all jobs of the boot are done.
booted ()
{
  timeout "$1" systemctl is-system-running --wait >/dev/null
  [[ $(systemctl is-system-running) =~ running|degraded ]]
}

# status FILTER: of "nm-divert status --json".
status () { nm-divert status --json 2>>$WORLD/status.log | jq -r "$1"; }

# wait_place PLACE SECONDS [CODE]: waits until "nm-divert status" reports it (for that reason). Prints each change.
wait_place ()
{
  local line lines watcher found=1

  exec {lines}< <(exec timeout "$2" nm-divert status --watch --json 2>/dev/null)
  watcher=$!
  while IFS= read -r -u "$lines" line; do
    if [[ $line =~ \"place\"\ *:\ *\"$1\" && $line =~ \"reason_code\"\ *:\ *\"${3-} ]]; then
      found=0
      break
    fi
  done
  kill "$watcher" 2>/dev/null
  exec {lines}<&-
  return $found
}

# ways_are home|away: who answers for the NAS and for the web, in both families and protocols.
ways_are ()
{
  case $1 in
    home) all_ways "$FROM_LAPTOP4" "$FROM_LAPTOP6" "$FROM_ABROAD" "$FROM_ABROAD" ;;
    away) all_ways "$FROM_HOME" "$FROM_HOME" "$FROM_ABROAD" "$FROM_ABROAD" ;;
  esac
}

# all_ways NAS4 NAS6 WEB4 WEB6: from which address each is asked, as regular expressions. All questions run at the same
# time. One after the other, those without an answer would take longer than the callers wait, and nobody asked again.
all_ways ()
{
  local protocol wrong=0 asking=() pid

  for protocol in udp tcp; do
    way_is $protocol "$NAS4" "nas ($1)" & asking+=($!)
    way_is $protocol "$NAS6" "nas ($2)" & asking+=($!)
    way_is $protocol "$WEB4" "inet ($3)" & asking+=($!)
    way_is $protocol "$WEB6" "inet ($4)" & asking+=($!)
  done
  for pid in "${asking[@]}"; do
    wait "$pid" || wrong=1
  done
  return $wrong
}

# way_is PROTOCOL ADDRESS ANSWER: the expected answer is a regular expression. If no answer comes, it asks again.
way_is ()
{
  local answer

  for _ in 1 2 3; do
    answer=$(who "$1" "$2")
    [[ $answer == timeout ]] || break
  done
  [[ $answer =~ ^$3$ ]] || { echo "$1 $2: $answer, not $3"; return 1; }
}

# What is in the kernel, whichever backend laid it, according to the packet filters' own programs. These are asked only
# about what is there already, because the question itself would load modules and create tables.

# families_ruled: the name of each family that diverts. If two backends divert at once, it says so.
families_ruled ()
{
  local legacy nft

  legacy=$(families_legacy)
  nft=$(families_nft)
  if [[ -n $legacy && -n $nft ]]; then
    echo "iptables $legacy, nftables $nft"
  else
    echo "$legacy$nft"
  fi
}

families_legacy ()
{
  local families=()

  mangle 4 | grep -q -- '^-A DIVERT .*TPROXY' && families+=(IPv4)
  mangle 6 | grep -q -- '^-A DIVERT .*TPROXY' && families+=(IPv6)
  echo "${families[*]}"
}

# A rule that names no family is for both.  (This is asked for so often that the time for JSON would add up.)
families_nft ()
{
  nft_chain to-proxy | awk '
    !/ tproxy / { next }
    !/nfproto ipv6|tproxy ip6 to/ { four = "IPv4" }
    !/nfproto ipv4|tproxy ip to/ { six = "IPv6" }
    END { print four (four && six ? " " : "") six }'
}

# grants: the rules that let packets to the intranet go direct through a device. (The fence's name no source.)
grants ()
{
  { mangle 4; mangle 6; } | grep -- '^-A LOCAL_DIVERT -s .* -o '
  nft_chain grants | grep ' saddr .* oif'
}
granted () { [[ -n $(grants) ]]; }

# mangle 4|6: the legacy table, if somebody has created it.
mangle ()
{
  local v=${1/4/}

  ! grep -qsx mangle "/proc/net/ip${v}_tables_names" || "ip${v}tables-legacy-save" -t mangle 2>/dev/null
}

legacy_tables () { cat /proc/net/ip{,6}_tables_names 2>/dev/null | sort -u | tr '\n' ' '; }

nft_chain ()
{
  [[ -d /sys/module/nf_tables ]] || return 0
  nft list chain inet nm-divert "$1" 2>/dev/null
}

# helper_journal: all that the helper's unit has said. What was said just now may not be in the journal yet.
helper_journal ()
{
  journalctl --sync
  journalctl -b --no-pager -o cat -u nm-divert-helper
}

helper_pid () { systemctl show -P MainPID nm-divert-helper; }

# unit_us ActiveEnter|InactiveExit UNIT: microseconds since the boot.
unit_us () { systemctl show -P "$1TimestampMonotonic" "$2"; }
unit_s () { awk -v us="$(unit_us "$@")" 'BEGIN { printf "%.2f", us / 1e6 }'; }
