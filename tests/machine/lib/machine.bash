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
#   guest_within SECONDS …     the same, if it takes longer than four minutes
#   machine_reboot, machine_off, machine_kill
#   qmp COMMAND [JSON], qmp_event NAME SECONDS

VM= QEMU=
LIMIT=240
EMULATOR_FAILED=75
# What no case uses would only cost time: udev loads a module for each device that a board has.
BOARD=q35,sata=off,smbus=off,usb=off,vmport=off,i8042=off
# The kernel doesn't clear what it gives out, and has no BPF among its security modules, because systemd would load a
# program for them in each boot.
WORDS="root=/dev/vda console=ttyS0 quiet loglevel=4 panic=1 mitigations=off cryptomgr.notests init_on_alloc=0"
WORDS+=" randomize_kstack_offset=off 8250.nr_uarts=1 lsm=landlock,lockdown,yama,apparmor"
declare -A HEARD=()

# hear SECONDS FD: sets LINE to the next line. On a busy host, half of one may come in time. "read" would throw that
# away, and so perhaps a point that has failed.
hear ()
{
  local part status

  IFS= read -r -t "$1" part <&"$2"
  status=$?
  HEARD[$2]+=$part
  ((status == 0)) || return 1
  LINE=${HEARD[$2]}
  HEARD[$2]=
}

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
  HEARD=()
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
  # (For svm, udev would load KVM.)
  # Two emulated processors now and then run code that the kernel is just patching (seen twice in some two hundred
  # boots, in sched_clock_cpu and inet6_ehashfn).  With panic=1 such a kernel boots again, and machine_ready says so.
  "${netns[@]}" qemu-system-x86_64 -machine "$BOARD" -accel tcg,thread=multi -cpu qemu64,-svm \
    -smp "${MACHINE_CPUS:-2}" -m 1024 -nodefaults -no-user-config -display none -serial "file:$VM/console" \
    -chardev "pipe,id=agent,path=$VM/agent" \
    -device virtio-serial-pci -device virtserialport,chardev=agent,name=machine \
    -chardev "pipe,id=qmp,path=$VM/qmp" -mon chardev=qmp,mode=control \
    -kernel "$IMAGE/kernel" -initrd "$IMAGE/initrd" \
    -append "$WORDS ${append:-rw}" \
    -drive "file=$VM/disk.qcow2,if=virtio,cache=unsafe" \
    -drive "file=$IMAGE/tree.ext4,format=raw,if=virtio,snapshot=on" \
    -device virtio-rng-pci -rtc "base=$rtc" "${network[@]}" "${incoming[@]}" >"$VM/qemu.log" 2>&1 </dev/null &
  QEMU=$!
  qmp qmp_capabilities >/dev/null || { machine_crashes; die "qemu does not start: $(tail -n 3 "$VM/qemu.log")"; }
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
  local start=${1:-$(now_ms)} LINE=

  while hear 5 "$AGENT_OUT" || machine_lives; do
    if [[ $LINE == "ready "* ]]; then
      BOOTED=${LINE#ready }
      note "the agent is there $(($(now_ms) - start)) ms after the start"
      ! grep -q "Kernel panic" "$VM/console" || note "the emulated kernel had panicked, and booted again"
      return
    fi
    (($(now_ms) - start < 300000)) || break
  done
  machine_crashes
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
  machine_run 180 "cat >/run/machine/words <<'END-OF-WORDS'"$'\n'"$text"$'\n'"END-OF-WORDS" ||
    die "the agent does not take the words"
}

# machine_run SECONDS SCRIPT.  FAILED is whether one of its points failed.
machine_run ()
{
  local seconds=$1 end LINE
  local LC_ALL=C

  FAILED=0
  printf 'run %s %s\n%s' "$seconds" "${#2}" "$2" >&"$AGENT_IN"
  end=$(($(now_ms) + (seconds + 20) * 1000))
  while (($(now_ms) < end)); do
    if ! hear 5 "$AGENT_OUT"; then
      machine_lives || { machine_crashes; echo "# the machine is gone: $(tail -n 3 "$VM/qemu.log")"; return 125; }
      continue
    fi
    case $LINE in
      "|"*)
        printf '%s\n' "${LINE:1}"
        [[ $LINE != "|not ok "* ]] || FAILED=1
        ;;
      "end "*) return "${LINE#end }" ;;
      "ready "*) machine_fails ;;
    esac
  done
  echo "# no answer within $seconds s"
  return 124
}

# It has booted by itself.  If that is because an emulated processor has run code that the kernel was just patching,
# which no real one does, the case says nothing and begins anew.
machine_fails ()
{
  ! grep -q 'Oops: int3' "$VM/console" || exit $EMULATOR_FAILED
  echo "# the machine has booted by itself"
}

# If qemu has ended in a fault of its own (seen once, in the first second of a boot), the case begins anew as well.
machine_crashes ()
{
  local status

  ! machine_lives || return
  wait "$QEMU"
  status=$?
  ((status != 128 + 11 && status != 128 + 6)) || exit $EMULATOR_FAILED
}

guest () { guest_within "$LIMIT" "$@"; }

guest_within ()
{
  local seconds=$1 start=$SECONDS status
  shift

  machine_run "$seconds" "source /run/machine/words; ${*@Q}"
  status=$?
  ((SECONDS - start < 10)) || note "$1 took $((SECONDS - start)) s"
  ((status < 124)) || point 0 "$1 comes to its end within $seconds s"
  # The machine is gone before anybody could look.
  ((!FAILED)) || machine_run 60 "source /run/machine/words; air_says $((SECONDS - start + 5)) 2>&1 | sed 's/^/# /'"
  return $status
}

# The agent may be ended before it has answered, and the next line that it sends is the next boot's.
machine_reboot ()
{
  local start command="systemctl --no-block reboot"
  start=$(now_ms)

  printf 'run 20 %s\n%s' "${#command}" "$command" >&"$AGENT_IN"
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
  [[ ! -e $VM/console ]] || cp "$VM/console" "$CACHE/console-$SUITE-${CASE_FILE##*/}"
  rm -rf "$VM"
  VM=
}

# qmp COMMAND [JSON]: prints its answer.  Events in the meantime are kept for qmp_event.  While qemu reads a machine's
# memory, it does not answer.
qmp ()
{
  local LINE end=$(($(now_ms) + 120000))

  printf '{"execute":"%s"%s}\n' "$1" "${2:+,\"arguments\":$2}" >&"$QMP_IN"
  while machine_lives && (($(now_ms) < end)); do
    hear 5 "$QMP_OUT" || continue
    case $LINE in
      *'"return"'*) echo "$LINE"; return 0 ;;
      *'"error"'*) echo "$LINE"; return 1 ;;
      *'"event"'*) echo "$LINE" >>"$VM/events" ;;
    esac
  done
  return 1
}

# qmp_event NAME SECONDS: waits for it, unless it has already come.  Then it is used up.
qmp_event ()
{
  local end LINE

  end=$(($(now_ms) + $2 * 1000))
  until grep -qs "\"event\": \"$1\"" "$VM/events"; do
    (($(now_ms) < end)) || return 1
    hear 1 "$QMP_OUT" && echo "$LINE" >>"$VM/events"
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
    machine_lives || break
    pause 0.1
  done
  machine_crashes
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
