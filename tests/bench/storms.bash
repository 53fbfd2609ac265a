#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Storms (tests/lab/lib/storms.bash says what one is): a thousand roams, three hundred plain ones and a hundred of each
# kind, and every packet that reached the stranger.  KINDS="stop kill" for a part of it.
source "$(dirname "$0")/bench.bash"
# shellcheck source=/dev/null
source "$LAB_DIR/lib/storms.bash"
lab_enter "$@"
read -ra kinds <<<"${KINDS-${STORM_KINDS[*]}}"
declare -A labels=(
  [plain]="nothing strikes"
  [legacy-flush]="iptables -F; -X of each legacy table, both families"
  [nft-flush]="nft flush ruleset"
  [lock]="the tables' lock is held"
  [kill]="the helper is killed (SIGKILL)"
  [stop]="the helper is stopped (SIGSTOP)"
  [conntrack]="connection tracking is emptied"
  [restore]="tables restored from a save made at home"
)

# sums KIND FIELD…: of its roams.
sums ()
{
  awk -v kind="$1" -v fields="${*:2}" '
    BEGIN { n = split(fields, f, " ") }
    $1 == kind { for (i = 1; i <= n; i++) sum[i] += $f[i] }
    END { for (i = 1; i <= n; i++) printf "%s%d", (i > 1 ? " / " : ""), sum[i]; print "" }' "$LAB_LOGS/storms"
}

# The roam with the most for the web, and its moment.
worst_web ()
{
  awk -v kind="$1" '$1 == kind && $7 + $8 >= worst { worst = $7 + $8; moment = $2 } END { print worst + 0, moment }' \
    "$LAB_LOGS/storms"
}

result ()
{
  local kind=$1 nas

  nas=$(sums "$kind" 5 6)
  row "${labels[$kind]}: the NAS" "$nas" "0 / 0" "$([[ $nas == "0 / 0" ]] && echo 1 || echo 0)"
  row "… the web" "$(sums "$kind" 7 8)"
  row "… in the worst roam" "$(worst_web "$kind")"
  row "… ICMP errors to the web" "$(sums "$kind" 9)"
  row "… past the proxy at home: packets / ICMP errors" "$(sums "$kind" 10 11)"
}

storms_up
started=$(now_us)
for kind in "${kinds[@]}"; do
  if [[ $kind == plain ]]; then storm plain $((ROAMS * 3)); else storm "$kind" "$ROAMS"; fi
done
seconds=$((($(now_us) - started) / 1000000))
storms_down
roams=$(wc -l <"$LAB_LOGS/storms")
table "E. Storms: packets on the stranger's wire, ordinary sockets / bound ones ($roams roams, $seconds s)"
for kind in "${kinds[@]}"; do
  result "$kind"
done
missed=$(cat "$LAB_LOGS"/wire-{evil,home}.log | awk '/^missed/ { n += $2; m++ } END { print m == 2 ? n : "unknown" }')
row "packets that the captures missed" "$missed" 0 "$([[ $missed == 0 ]] && echo 1 || echo 0)"
bench_done
