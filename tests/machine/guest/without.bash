# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: what the machine is like without us, to compare before and after.

# layer_without: a machine without the product gets the world with its radios, and joins home.
layer_without ()
{
  booted 300 || note "the boot did not come to its end"
  note "a boot without nm-divert: $(systemd-analyze time | head -n 1)"
  tree_mount
  install -D /home/anna/nm-divert/tools/probe $PROBE
  install -D /home/anna/nm-divert/tools/load $LOAD
  tree_unmount
  world_up $PROBE
  air_up
  wifi_home
  # The router may not have announced itself in IPv6 yet.
  until_true 90 without_ways || die "the world is not there: $(without_ways)"
  without_state >/run/before
  without_files >/run/files-before
}

without_begins ()
{
  ok "nothing is there yet, and all ways are straight" until_true 20 without_ways || return
  is "no timer is enabled" "$(ls -A $WITHOUT_TIMERS)" ""
}

# Without us everything is direct.
without_ways () { all_ways "$FROM_LAPTOP4" "$FROM_LAPTOP6" '203\.0\.113\.22' '2001:db8:ff::22'; }

# Everybody's chains and rules in the kernel, units, groups.
without_state ()
{
  ip rule
  ip -6 rule
  ip route show table 2233 2>/dev/null
  ip -6 route show table 2233 2>/dev/null
  nft list ruleset
  systemctl list-unit-files --no-legend | sort
  getent group | sort
  busctl --no-legend list --activatable | awk '{ print $1 }' | sort
}

legacy_chains () { { iptables-legacy-save; ip6tables-legacy-save; } 2>/dev/null | grep -E '^-A|^:[^ ]+ - '; }

# What systemd, NetworkManager and dpkg write for themselves is theirs, and /etc/rc?.d is the proxy's.  Whenever a
# package is purged, deb-systemd-helper removes empty folders next to the units.  The image has just one of them.
WITHOUT_TIMERS=/etc/systemd/system/timers.target.wants
without_files ()
{
  find /etc /usr /opt /var/lib /run/nm-divert -xdev 2>/dev/null |
    grep -vE '^/var/lib/(systemd|NetworkManager|dpkg|apt)/|^/etc/rc..d/'"|^$WITHOUT_TIMERS$" | sort
}

# without_again: what is still ours after a removal.
without_again ()
{
  is "no chain and no rule is left, in either family" "$(legacy_chains)" ""
  without_state >/run/after
  is "rules, routes, units, groups, names on the bus are as before" "$(diff /run/before /run/after)" ""
  is "no file is left" "$(diff /run/files-before <(without_files))" ""
  is "no process is left" "$(pgrep -f nm-divert-helper)" ""
  ok "all ways are straight again" until_true 10 without_ways
  nmcli -w 30 device reapply wlan0 >/dev/null
  pause 1
  is "an event of NetworkManager's changes nothing" \
    "$(legacy_chains)$(families_ruled)$(pgrep -f nm-divert-helper)" ""
}
