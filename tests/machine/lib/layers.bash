# SPDX-License-Identifier: GPL-2.0-or-later
# Where cases begin.  Each layer is made once for each state of the product and of the shared functions:
#
#   machine_installed [OPTION…]   boots a machine with the product installed by README.md, configured and enabled
#   machine_home                  continues from such a running machine, which has the world with its radios inside it
#                                 and is at home
#   machine_without               the same without the product, as Debian makes it

# layer NAME FILES…: does it exist, made from these files?  If not, it has to be made, and layer_done says that it was.
layer ()
{
  local name=$1
  shift

  LAYERS=$IMAGE/layers${MACHINE_BACKEND:+-$MACHINE_BACKEND}
  mkdir -p "$LAYERS"
  LAYER_HASH=$PRODUCT-$(cat "$MACHINE/lib/machine.bash" "$MACHINE/lib/layers.bash" "$@" | sha256sum)
  [[ $(cat "$LAYERS/$name.hash" 2>/dev/null) == "$LAYER_HASH" ]] && return
  rm -f "$LAYERS/$name".*
  note "making the layer $name"
  return 1
}

# layers FUNCTION: what several cases begin with is made by the first of them, and the others wait for it, but not for
# another layer. LAYERED is how many seconds that took.
LAYERED=0
layers ()
{
  local lock start=$SECONDS before=$LAYERED

  exec {lock}>"$IMAGE/$1.lock"
  flock "$lock"
  "$1"
  exec {lock}>&-
  LAYERED=$((before + SECONDS - start))
}

layer_done () { echo "$LAYER_HASH" >"$LAYERS/$1.hash"; }

layer_installed ()
{
  layer installed "$MACHINE"/guest/{product,faults}.bash && return
  rm -f "$LAYERS"/home.*
  machine_start
  guest_within 600 layer_install || die "the product cannot be installed"
  # Synced and cut off.  The file system is as after a loss of power, in perfect order except for its journal.
  mv "$VM/disk.qcow2" "$LAYERS/installed.qcow2"
  machine_kill
  layer_done installed
}

layer_home ()
{
  layers layer_installed
  layer home "$MACHINE"/guest/*.bash && return
  machine_start --disk "$LAYERS/installed.qcow2"
  guest_within 600 layer_home || die "the laptop does not come home"
  machine_save "$LAYERS/home.state" "$LAYERS/home.qcow2"
  layer_done home
}

layer_without ()
{
  layer without "$MACHINE"/guest/*.bash && return
  machine_start
  guest_within 600 layer_without || die "a machine without the product does not come home"
  machine_save "$LAYERS/without.state" "$LAYERS/without.qcow2"
  layer_done without
}

machine_installed ()
{
  layers layer_installed
  machine_start --disk "$LAYERS/installed.qcow2" "$@"
}

machine_home ()
{
  layers layer_home
  machine_start --disk "$LAYERS/home.qcow2" --state "$LAYERS/home.state"
}

machine_without ()
{
  layers layer_without
  machine_start --disk "$LAYERS/without.qcow2" --state "$LAYERS/without.state"
}
