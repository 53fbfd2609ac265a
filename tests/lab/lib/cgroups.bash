# SPDX-License-Identifier: GPL-2.0-or-later
# Control groups of the lab's own, in a namespace: the lab sees nothing of the host's, and the host only gets one more
# group, which is removed in the end.  They look like systemd's: system.slice/NAME for a unit, and so on.

LAB_CGROUPS=/sys/fs/cgroup

# Runs the whole script again in a namespace of control groups.  Call it before lab_enter.
lab_enter_cgroups ()
{
  local root group status

  [[ ${LAB_IN_CGROUPS-} != 1 ]] || return 0
  ((EUID == 0)) || lab_skip "only root may make control groups"
  root=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
  [[ -n $root ]] || lab_skip "needs control groups of version 2"
  group=$(mktemp -d "$root/nm-divert-lab.XXXXXX")
  bash -c 'echo $$ >"$1/cgroup.procs" && exec env LAB_IN_CGROUPS=1 unshare --cgroup bash "${@:2}"' \
    - "$group" "$LAB_SCRIPT" "$@"
  status=$?
  # The last of the lab's processes may be ending still.
  until_true 5 eval "! grep -qs 'populated 1' '$group/cgroup.events'"
  find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
  exit "$status"
}

# After lab_up, which mounts /sys anew.
lab_cgroups_up ()
{
  mount -t cgroup2 lab "$LAB_CGROUPS" || lab_die "cannot mount control groups"
}

# in_cgroup PATH COMMAND…: runs it there, as systemd does: first the directory, then the process, then the program.
in_cgroup ()
{
  local path=$LAB_CGROUPS/$1
  shift

  mkdir -p "$path"
  ${LAB_EXEC-} bash -c 'echo $$ >"$1/cgroup.procs" && exec "${@:2}"' - "$path" "$@"
}

# Like systemd when the unit has ended.
cgroup_remove () { until_true 5 rmdir "$LAB_CGROUPS/$1" || lab_die "$1 is not empty"; }
