# SPDX-License-Identifier: GPL-2.0-or-later
# The lab: a laptop, its home, two cafés and the internet, in namespaces, with real parts throughout.  A test sources
# this file, then calls
#
#   lab_enter "$@"         everything below happens in namespaces of its own
#   lab_up                 hosts, routers, servers, the laptop with NetworkManager
#   lab_install            nm-divert, as "meson install" puts it in place
#   …                      roam, ask, check
#   done_testing
#
# The script itself runs on the laptop.  "on HOST COMMAND" runs elsewhere.  The map is in lib/topology.bash.  Nothing on
# the host changes, and everything disappears with the process.
#
# Environment: NM_DIVERT_BUILDDIR is the meson build directory.  LAB_KEEP_LOGS=1 keeps the logs of a test that passed.
# LAB_BACKEND=iptables, or nftables, chooses the packet filter.  Without it, the product does.

LAB_DIR=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
LAB_SCRIPT=$(realpath "$0")

for lab_part in enter cgroups tap topology services proxy laptop product terminal roam ask streams lans; do
  # shellcheck source=/dev/null
  source "$LAB_DIR/lib/$lab_part.bash"
done
unset lab_part

# Everything that exists without nm-divert.
lab_up ()
{
  lab_topology_up
  lab_services_up
  lab_proxy_up
  lab_laptop_up
  lab_ready
}
