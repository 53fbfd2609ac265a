# SPDX-License-Identifier: GPL-2.0-or-later
# Entering the namespaces, and their surroundings: private mounts, logs, processes in the background, bounded waiting.

# Runs the whole script again as process 1 of new namespaces.  Its network namespace is the laptop's.
lab_enter ()
{
  local builddir=${NM_DIVERT_BUILDDIR:?is not set: the meson build directory}

  if [[ ${LAB_INSIDE-} != 1 ]]; then
    lab_needs
    mkdir -p "$builddir/lab-logs"
    LAB_LOGS=$(mktemp -d "$builddir/lab-logs/$(basename "$LAB_SCRIPT").XXXXXX")
    export LAB_LOGS LAB_INSIDE=1
    exec unshare --mount --net --pid --uts --ipc --fork --kill-child --mount-proc -- \
      bash "$LAB_SCRIPT" "$@"
  fi

  LAB_PROBE=$builddir/tests/lab/probe
  # Reading from a pipe that nobody writes to is a sleep without a process.
  exec {LAB_NEVER}<> <(:)
  declare -gA LAB_PIDS=()
  unset DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY XTABLES_LOCKFILE
  export LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
  trap lab_leave EXIT
  lab_mounts
  hostname laptop
  echo laptop >/etc/hostname
}

# All real parts, and the tools to look at them with.
LAB_PROGRAMS=(
  unshare nsenter setpriv flock script mount ip ss iptables-legacy ip6tables-legacy nft strace jq python3 openssl
  gnutls-serv dbus-daemon dbus-monitor gdbus NetworkManager nmcli dnsmasq v2ray ss-server useradd chpasswd pkttyagent
  ps stty systemd-socket-activate conntrack ping meson
)

# If the lab can't exist here, skips the test and says why.
lab_needs ()
{
  local program
  local PATH=$PATH:/usr/sbin:/sbin

  ((EUID == 0)) || lab_skip "the lab makes namespaces and firewall rules, which only root may"
  for program in "${LAB_PROGRAMS[@]}"; do
    command -v "$program" >/dev/null || lab_skip "needs $program, which is not installed"
  done
  unshare --mount --net --pid --uts --ipc --fork true 2>/dev/null || lab_skip "cannot make namespaces"
}

lab_skip ()
{
  echo "1..0 # SKIP $*"
  exit 0
}

lab_mounts ()
{
  local place name

  mount --make-rprivate /
  mount -t tmpfs -o mode=755 lab /run
  for place in /var/lib/NetworkManager /var/lib/nm-divert; do
    # If a program isn't installed on the host, its directory is made in the tmpfs copy of its parent, never on the
    # host.
    if [[ ! -d $place ]]; then
      lab_overlay "$(dirname "$place")"
      mkdir -p "$place"
    fi
    mount -t tmpfs -o mode=755 lab "$place"
  done
  for name in /usr /etc; do
    lab_overlay "$name"
  done
  [[ -s /etc/machine-id ]] || echo 00112233445566778899aabbccddeeff >/etc/machine-id
}

# Makes DIRECTORY writable without writing to it.
lab_overlay ()
{
  local directory=$1 store

  mountpoint -q "$directory" && [[ $(findmnt -no FSTYPE "$directory") == overlay ]] && return
  store=/run/lab/overlay$directory
  mkdir -p "$store/upper" "$store/work"
  mount -t overlay -o "lowerdir=$directory,upperdir=$store/upper,workdir=$store/work" lab "$directory"
}

# on HOST COMMAND…: runs COMMAND on that host.  LAB_EXEC: see spawn.
on ()
{
  local host=$1
  shift

  if [[ $host == laptop ]]; then
    ${LAB_EXEC-} "$@"
  else
    ${LAB_EXEC-} nsenter --net="/run/netns/$host" -- "$@"
  fi
}

# spawn NAME COMMAND…: runs it in the background. $LAB_LOGS/NAME.log gets its output.
spawn ()
{
  local name=$1
  shift

  # "on" and similar functions become the command itself, so that the process can be ended.
  (
    LAB_EXEC=exec
    [[ $(type -t "$1") == function ]] || exec "$@"
    "$@"
  ) >>"$LAB_LOGS/$name.log" 2>&1 </dev/null &
  LAB_PIDS[$name]=$!
}

# Ends a process that spawn started, and waits until it has ended.
reap ()
{
  local name=$1 signal=${2:-TERM}

  [[ -n ${LAB_PIDS[$name]-} ]] || return 0
  kill "-$signal" "${LAB_PIDS[$name]}" 2>/dev/null
  wait "${LAB_PIDS[$name]}" 2>/dev/null
  unset "LAB_PIDS[$name]"
}

# freeze PID…: stops them.  On a busy machine a thread on another processor may run on for a while after the signal.
freeze ()
{
  kill -STOP "$@"
  until_true 20 stands_still "$@"
}

stands_still ()
{
  local pid

  for pid; do
    [[ -z $(grep -Ls '^State:.[Tt]' "/proc/$pid/task/"*/status) ]] || return 1
  done
}

pause ()
{
  read -rt "$1" -u "$LAB_NEVER"
  return 0
}

# until_true SECONDS COMMAND…: waits until COMMAND succeeds.  Fails if it doesn't when the time is up.  The last look
# begins after that: on a busy machine one look takes seconds, and what it saw may be older than what was waited for.
until_true ()
{
  local start=${EPOCHREALTIME/./} limit last
  limit=$(printf '%.0f' "${1}e6")
  shift

  while :; do
    last=$((${EPOCHREALTIME/./} - start >= limit))
    ! "$@" >/dev/null 2>&1 || return 0
    ((!last)) || return 1
    pause 0.02
  done
}

# Microseconds since the epoch.
now_us ()
{
  echo "${EPOCHREALTIME/./}"
}

lab_die ()
{
  echo "Bail out! $*"
  exit 1
}

# Shows the logs of a failed run, and throws away those of a good one.
lab_leave ()
{
  local status=$? log

  tap_end || status=1
  if ((status == 0)) && [[ ${LAB_KEEP_LOGS-} != 1 ]]; then
    rm -rf "$LAB_LOGS"
    exit 0
  fi
  ((status == 0)) && exit 0
  echo "# logs: $LAB_LOGS"
  for log in "$LAB_LOGS"/*.log; do
    [[ -s $log ]] || continue
    echo "# ---- ${log##*/} (its end)"
    tail -n 25 "$log" | sed 's/^/#   /'
  done
  exit "$status"
}
