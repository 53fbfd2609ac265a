# SPDX-License-Identifier: GPL-2.0-or-later
# The world around a guest with a cable: the map of guest/world.bash, on the host, in the run's network namespaces. The
# cable goes to the café.

# The world exists from the first machine with a cable to the end of the run. Strangers count from zero for each
# machine.
outside_tap ()
{
  [[ -e /run/netns/inet ]] || world_up "$TREE/tools/probe"
  ip -n cafe link del tap0 2>/dev/null
  on cafe ip tuntap add dev tap0 mode tap || die "no tap device here"
  ip -n cafe link set tap0 master lan up
  outside_reset
}

outside_reset ()
{
  local host

  for host in cafe evil impostor; do
    on $host nft reset counters >/dev/null
  done
  for host in nas inet cafe; do
    : >$WORLD/$host.seen
  done
}
