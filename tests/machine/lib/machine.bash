# SPDX-License-Identifier: GPL-2.0-or-later
# One machine at a time: qemu without KVM, its agent and its monitor.  The functions for cases:
#
#   machine_start [OPTION…]    starts a machine whose agent answers
#     --disk FILE              what its disk is laid over (the image's disk if not given)
#     --state FILE             it continues from there instead of booting
#     --cable                  it has a cable to the café of the host's world; otherwise its radios are its only network
#     --append WORDS           for the kernel's command line
#     --rtc DATE               what its clock says at the start
#   guest FUNCTION ARGUMENT…   runs a function of guest/*.bash or of the case as root there; output and status are its
#                              own
#   guest_within SECONDS …     the same, if it takes longer than two minutes
#   machine_reboot, machine_off, machine_kill
#   qmp COMMAND [JSON], qmp_event NAME SECONDS

VM= QEMU=
LIMIT=120

machine_start ()
{
  local disk=$IMAGE/disk.ext4 format=raw state= cable=0 append= rtc=utc network=() incoming=() start netns=()

  while (($#)); do
    case $1 in
      --disk) disk=$2 format=qcow2; shift ;;
      --state) state=$2; shift ;;
      --cable) cable=1 ;;
      --append) append=$2; shift ;;
      --rtc) rtc=$2; shift ;;
    esac
    shift
  done
  machine_kill
  VM=$(mktemp -d "$RUN/vm.XXXXXX")
  qemu-img create -q -f qcow2 -b "$disk" -F $format "$VM/disk.qcow2" || die "no disk for a machine"
  mkfifo "$VM"/{agent,qmp}.{in,out}
  exec {AGENT_IN}<>"$VM/agent.in" {AGENT_OUT}<>"$VM/agent.out" {QMP_IN}<>"$VM/qmp.in" {QMP_OUT}<>"$VM/qmp.out"
  if ((cable)); then
    outside_tap
    netns=(nsenter --net=/run/netns/cafe --)
    network=(-netdev tap,id=cable,ifname=tap0,script=no,downscript=no
      -device virtio-net-pci,netdev=cable,mac=02:00:00:00:00:33)
  fi
  [[ -z $state ]] || incoming=(-incoming "exec:cat '$state'")
  start=$(now_ms)
  # The fewer features a processor has, the fewer are emulated slowly: with "max", a boot takes a fifth longer.
  "${netns[@]}" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu qemu64 -smp "${MACHINE_CPUS:-2}" -m 1024 \
    -nodefaults -no-user-config -display none -serial "file:$VM/console" \
    -chardev "pipe,id=agent,path=$VM/agent" \
    -device virtio-serial-pci -device virtserialport,chardev=agent,name=machine \
    -chardev "pipe,id=qmp,path=$VM/qmp" -mon chardev=qmp,mode=control \
    -kernel "$IMAGE/kernel" -initrd "$IMAGE/initrd" \
    -append "root=/dev/vda console=ttyS0 quiet loglevel=4 mitigations=off cryptomgr.notests ${append:-rw}" \
    -drive "file=$VM/disk.qcow2,if=virtio,cache=unsafe" \
    -drive "file=$IMAGE/tree.ext4,format=raw,if=virtio,snapshot=on" \
    -device virtio-rng-pci -rtc "base=$rtc" "${network[@]}" "${incoming[@]}" >"$VM/qemu.log" 2>&1 </dev/null &
  QEMU=$!
  qmp qmp_capabilities >/dev/null || die "qemu does not start: $(tail -n 3 "$VM/qemu.log")"
  if [[ -n $state ]]; then
    machine_state_wait running paused postmigrate
    qmp cont >/dev/null
  else
    machine_ready $((start))
  fi
  machine_teach
}

# Waits for the agent's first line after a boot.  BOOTED is the guest's time in seconds.
machine_ready ()
{
  local line start=${1:-$(now_ms)}

  while IFS= read -r -t 5 line <&"$AGENT_OUT" || machine_lives; do
    if [[ $line == "ready "* ]]; then
      BOOTED=${line#ready }
      note "the agent is there $(($(now_ms) - start)) ms after the start"
      return
    fi
    (($(now_ms) - start < 180000)) || break
  done
  tail -n 25 "$VM/console" | sed 's/^/# /'
  die "the machine does not boot: $(tail -n 3 "$VM/qemu.log")"
}

machine_lives () { kill -0 "$QEMU" 2>/dev/null; }

# The guest's part of the functions, and of the case.
machine_teach ()
{
  local file text

  text=$(
    echo "BACKEND=${MACHINE_BACKEND-}"
    for file in "$MACHINE"/guest/*.bash "${CASE_FILE:-/dev/null}"; do
      cat "$file"
    done)
  machine_run 60 "cat >/run/machine/words <<'END-OF-WORDS'"$'\n'"$text"$'\n'"END-OF-WORDS" ||
    die "the agent does not take the words"
}

# machine_run SECONDS SCRIPT
machine_run ()
{
  local seconds=$1 line end
  local LC_ALL=C

  printf 'run %s %s\n%s' "$seconds" "${#2}" "$2" >&"$AGENT_IN"
  end=$(($(now_ms) + (seconds + 20) * 1000))
  while (($(now_ms) < end)); do
    if ! IFS= read -r -t 5 line <&"$AGENT_OUT"; then
      machine_lives || { echo "# the machine is gone: $(tail -n 3 "$VM/qemu.log")"; return 125; }
      continue
    fi
    case $line in
      "|"*) printf '%s\n' "${line:1}" ;;
      "end "*) return "${line#end }" ;;
    esac
  done
  echo "# no answer within $seconds s"
  return 124
}

guest () { guest_within "$LIMIT" "$@"; }

guest_within ()
{
  local seconds=$1
  shift

  machine_run "$seconds" "source /run/machine/words; ${*@Q}"
}

machine_reboot ()
{
  local start
  start=$(now_ms)

  machine_run 20 "systemctl --no-block reboot" >/dev/null
  machine_ready "$start"
  machine_teach
}

machine_off ()
{
  machine_run 20 "systemctl --no-block poweroff" >/dev/null
  until_true 60 machine_ended || note "it does not power off"
  machine_kill
}

machine_ended () { ! machine_lives; }

machine_kill ()
{
  [[ -n $VM ]] || return 0
  kill -9 "$QEMU" 2>/dev/null
  wait "$QEMU" 2>/dev/null
  exec {AGENT_IN}>&- {AGENT_OUT}>&- {QMP_IN}>&- {QMP_OUT}>&-
  [[ ! -e $VM/console ]] || cp "$VM/console" "$CACHE/console"
  rm -rf "$VM"
  VM=
}

# qmp COMMAND [JSON]: prints its answer.  Events in the meantime are kept for qmp_event.
qmp ()
{
  local line

  printf '{"execute":"%s"%s}\n' "$1" "${2:+,\"arguments\":$2}" >&"$QMP_IN"
  while IFS= read -r -t 20 line <&"$QMP_OUT"; do
    case $line in
      *'"return"'*) echo "$line"; return 0 ;;
      *'"error"'*) echo "$line"; return 1 ;;
      *'"event"'*) echo "$line" >>"$VM/events" ;;
    esac
  done
  return 1
}

# qmp_event NAME SECONDS: waits for it, unless it has already come.  Then it is used up.
qmp_event ()
{
  local line end

  end=$(($(now_ms) + $2 * 1000))
  until grep -qs "\"event\": \"$1\"" "$VM/events"; do
    (($(now_ms) < end)) || return 1
    IFS= read -r -t 1 line <&"$QMP_OUT" && echo "$line" >>"$VM/events"
  done
  sed -i "/\"event\": \"$1\"/d" "$VM/events"
}

# machine_state_wait WORD…: waits until qemu's run state is one of these.
machine_state_wait ()
{
  local end word answer
  end=$(($(now_ms) + 60000))

  while (($(now_ms) < end)); do
    answer=$(qmp query-status)
    for word; do
      [[ $answer != *"\"status\": \"$word\""* ]] || return 0
    done
    pause 0.1
  done
  die "qemu is not ready: $answer"
}

# machine_save STATE: saves the machine as it is now, for --state, and ends it.  Its disk becomes DISK.
machine_save ()
{
  local end

  qmp stop >/dev/null
  qmp migrate-set-parameters '{"max-bandwidth":4000000000}' >/dev/null
  qmp migrate "{\"uri\":\"exec:cat >'$1'\"}" >/dev/null || die "the machine cannot be saved"
  end=$(($(now_ms) + 120000))
  until [[ $(qmp query-migrate) == *'"status": "completed"'* ]]; do
    (($(now_ms) < end)) || die "the machine cannot be saved: $(qmp query-migrate)"
    pause 0.2
  done
  qmp quit >/dev/null
  wait "$QEMU" 2>/dev/null
  mv "$VM/disk.qcow2" "$2"
  machine_kill
}
