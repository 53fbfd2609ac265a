# SPDX-License-Identifier: GPL-2.0-or-later
# A user, with a session or without.  Of logind there are only its files, which is what polkitd and NetworkManager read.

# by USER COMMAND…: runs it in the current session, if there is one.
by ()
{
  local user=$1
  shift
  # shellcheck disable=SC2016
  ${LAB_EXEC-} bash -c '[[ ! -e /run/lab/cgroup ]] || mount --bind /run/lab/cgroup /proc/$$/cgroup
    exec setpriv --reuid "$0" --regid "$0" --init-groups -- "$@"' "$user" "$@"
}

# session active|inactive|remote: from now on lab-user has such a session, as far as others can see from his process's
# control group and from logind's files.
session ()
{
  local uid state=active seat=SEAT=seat0
  uid=$(id -u lab-user)
  [[ $1 != inactive ]] || state=online
  [[ $1 != remote ]] || seat=REMOTE=1
  # Without the hierarchy's mount nobody finds a session. It is read-only.
  [[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || mount -t cgroup2 -o ro lab /sys/fs/cgroup
  mkdir -p /run/systemd/seats /run/systemd/sessions /run/systemd/users
  printf '%s\n' "UID=$uid" USER=lab-user "STATE=$state" TYPE=tty CLASS=user SCOPE=session-c1.scope \
    "$seat" >/run/systemd/sessions/c1
  printf '%s\n' NAME=lab-user "STATE=$state" DISPLAY=c1 SESSIONS=c1 ONLINE_SESSIONS=c1 \
    "ACTIVE_SESSIONS=$([[ $state != active ]] || echo c1)" >"/run/systemd/users/$uid"
  echo "0::/user.slice/user-$uid.slice/session-c1.scope" >/run/lab/cgroup
}

no_session ()
{
  rm -rf /run/systemd /run/lab/cgroup
}
