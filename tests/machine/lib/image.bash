# SPDX-License-Identifier: GPL-2.0-or-later
# The image: a Debian as a person has it after installation. It is made from the mirror that apt uses here, once for
# each suite and each state of the text that it is made from:
#
#   $IMAGE/root      its files, for compiling in
#   $IMAGE/disk.ext4, $IMAGE/kernel, $IMAGE/initrd
#
# Its special parts are users, an agent on a virtio port that runs what the host sends, and a small initramfs.

IMAGE_RUNS=(
  systemd-sysv dbus udev libpam-systemd kmod procps sudo util-linux util-linux-extra apparmor man-db
  network-manager wpasupplicant hostapd iw wireless-regdb dnsmasq-base polkitd pkexec openssh-server openssh-client
  iptables nftables iproute2 iputils-ping iputils-arping conntrack v2ray shadowsocks-libev
  wireguard-tools libteam-utils systemd-resolved
  python3 tcpdump socat expect curl jq strace libglib2.0-bin
  linux-image-amd64 initramfs-tools busybox
)
# README.md's list. gcc by itself would not bring what it links with, because recommended packages are not installed.
IMAGE_BUILDS=(
  meson gcc libc6-dev gettext pkg-config libglib2.0-dev libglib2.0-dev-bin libdbus-1-dev libnm-dev libip4tc-dev
  libip6tc-dev libnl-3-dev libnl-route-3-dev libnl-nf-3-dev libpolkit-gobject-1-dev libjson-glib-dev libgnutls28-dev
  libkmod-dev libmnl-dev libnftnl-dev
)
IMAGE_SIZE=4G

# image_get SUITE: makes the image if it doesn't exist, and sets IMAGE.
image_get ()
{
  local suite=$1 hash old

  hash=$(cat "$MACHINE/lib/image.bash" "$MACHINE/guest/agent" | sha256sum)
  IMAGE=$CACHE/$suite-${hash:0:12}
  [[ -e $IMAGE/initrd ]] && return
  echo "# making the image of $suite: three to six minutes, log in $CACHE/$suite.log"
  for old in "$CACHE/$suite"-*; do
    [[ ! -d $old ]] || rm -rf --one-file-system "$old"
  done
  mkdir -p "$IMAGE"
  # This needs a shell of its own, because -e does nothing in a shell whose status is checked.
  if ! bash -euo pipefail -c 'source "$1/lib/image.bash"; image_make "$2" "$3" "$1"' \
      image "$MACHINE" "$suite" "$IMAGE" >"$CACHE/$suite.log" 2>&1; then
    tail -n 20 "$CACHE/$suite.log" | sed 's/^/# /'
    rm -rf --one-file-system "$IMAGE"
    return 1
  fi
}

image_make ()
{
  local suite=$1 image=$2 machine=$3 root=$2/root sources=()

  mapfile -t sources < <(image_sources "$suite")
  mmdebstrap --mode=root --variant=important --aptopt='Apt::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
    --include="$(image_list "${IMAGE_RUNS[@]}" "${IMAGE_BUILDS[@]}")" "$suite" "$root" "${sources[@]}"
  image_personal "$root"
  image_quiet "$root"
  image_agent "$root" "$machine/guest/agent"
  image_modules "$root"
  image_absent "$root"
  image_kernel "$root" "$image"
  rm -f "$root"/boot/initrd* "$root"/var/cache/apt/archives/*.deb
  truncate -s "$IMAGE_SIZE" "$image/disk.ext4"
  mkfs.ext4 -q -F -E lazy_itable_init=0 -d "$root" "$image/disk.ext4"
  image_initrd "$root" "$image/initrd.part"
  mv "$image/initrd.part" "$image/initrd"
}

image_list ()
{
  local IFS=,
  echo "$*"
}

# image_sources SUITE: sources.list lines for it, with the mirrors that apt uses here.
image_sources ()
{
  local suite=$1 uris mirror security

  uris=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    sed -nE 's/^deb (\[[^]]*\] )?([^ ]+) .*/\2/p; s/^URIs: *([^ ]+).*/\1/p' || true)
  mirror=$(grep -m 1 -E '/debian/?$' <<<"$uris" || grep -m 1 /debian <<<"$uris")
  security=$(grep -m 1 -E '/debian-security/?$' <<<"$uris" || true)
  echo "deb $mirror $suite main"
  [[ -z $security || $suite == sid ]] || echo "deb $security $suite-security main"
}

image_personal ()
{
  local root=$1 user

  echo laptop >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 laptop\n::1 localhost\n' >"$root/etc/hosts"
  cat >"$root/etc/fstab" <<'END'
/dev/vda / ext4 noatime 0 1
/dev/vdb /home/anna/nm-divert ext4 noatime,noauto 0 0
END
  mkdir -p "$root/home"
  # ada is the administrator, anna works here, bob has an account.
  for user in ada anna bob; do
    chroot "$root" useradd -m -s /bin/bash "$user"
    echo "$user:$user" | chroot "$root" chpasswd
  done
  chroot "$root" usermod -aG sudo ada
  chroot "$root" usermod -aG netdev anna
  mkdir -p "$root/home/anna/nm-divert" "$root/var/log/journal"
}

# Nothing that isn't part of a test may interfere: no timers, and no services that the tests start themselves.
image_quiet ()
{
  local root=$1 unit

  for unit in v2ray hostapd ssh dnsmasq e2scrub_reap apparmor; do
    rm -f "$root"/etc/systemd/system/*.wants/$unit.service "$root/etc/systemd/system/sshd.service"
  done
  rm -f "$root"/etc/systemd/system/multi-user.target.wants/shadowsocks* \
    "$root"/etc/systemd/system/timers.target.wants/* "$root"/etc/systemd/system/sockets.target.wants/ssh.socket
  # One case starts it. Without its link and its resolvconf, NetworkManager writes resolv.conf, as after an
  # installation.
  chroot "$root" systemctl -q disable systemd-resolved
  ln -sf /dev/null "$root/etc/tmpfiles.d/systemd-resolve.conf"
  rm -f "$root/etc/resolv.conf" "$root/usr/sbin/resolvconf" "$root/sbin/resolvconf"
  ln -sf /dev/null "$root/etc/systemd/system/serial-getty@ttyS0.service"
  ln -sf /dev/null "$root/etc/systemd/system/hostapd.service"
  # No test needs these either, and each one's process is a good part of a second of every boot.
  for unit in cron networking ifupdown-pre systemd-{binfmt,pstore,random-seed,udev-load-credentials} \
      modprobe@{configfs,dm_mod,drm,efi_pstore,fuse,loop}; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit.service"
  done
  for unit in dev-hugepages dev-mqueue sys-fs-fuse-connections sys-kernel-{config,debug,tracing}; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit.mount"
  done
  ln -sf /dev/null "$root/etc/systemd/system/proc-sys-fs-binfmt_misc.automount"
  # What udev would load for the board.
  printf 'blacklist %s\n' iTCO_wdt lpc_ich pcspkr qemu_fw_cfg >"$root/etc/modprobe.d/machine.conf"
  # At a boot, udev looks at each of some seven hundred devices, most of them terminals, because it may have rules for
  # it.  An emulated processor takes five seconds for them.  These are the ones that something here needs.
  mkdir -p "$root/etc/systemd/system/systemd-udev-trigger.service.d"
  printf '[Service]\nExecStart=\nExecStart=-udevadm trigger --type=all --action=add%s\n' \
    "$(printf ' --subsystem-match=%s' block ieee80211 input net pci rfkill virtio virtio-ports)" \
    >"$root/etc/systemd/system/systemd-udev-trigger.service.d/machine.conf"
  # Neither does any test need what these make, and they all run whenever systemd reads its units.  (debug-generator is
  # for "systemd.mask=", fstab-generator for the disks.)
  mkdir -p "$root/etc/systemd/system-generators"
  for unit in getty gpt-auto hibernate-resume rc-local run ssh system-update sysv tpm2; do
    ln -sf /dev/null "$root/etc/systemd/system-generators/systemd-$unit-generator"
  done
  # Without this, every installation makes the index of all manual pages anew.
  rm -f "$root/var/lib/man-db/auto-update"
  # No package of ours asks anything, and to find that out would take two of debconf's frontends that don't work here.
  echo debconf debconf/frontend select Noninteractive | chroot "$root" debconf-set-selections
  # What a first boot does for the next ones is done here. (Debian 12's does nothing.)
  if [[ -x $root/usr/lib/systemd/systemd-update-done ]]; then
    chroot "$root" journalctl --update-catalog
    chroot "$root" ldconfig
    chroot "$root" /usr/lib/systemd/systemd-update-done
  fi
  chroot "$root" systemctl -q set-default multi-user.target
}

image_agent ()
{
  local root=$1

  install -D -m 0755 "$2" "$root/usr/local/lib/machine/agent"
  cat >"$root/etc/systemd/system/machine-agent.service" <<'END'
[Unit]
Description=Run what the host of this machine sends
DefaultDependencies=no
After=local-fs.target systemd-udevd.service
Conflicts=shutdown.target
Before=shutdown.target
[Service]
KillMode=process
ExecStart=/usr/local/lib/machine/agent
[Install]
WantedBy=sysinit.target
END
  chroot "$root" systemctl -q enable machine-agent.service
}

# Drivers without their compression, because an emulated processor takes seconds for it in each boot.  What the product
# loads stays as Debian has it.
image_modules ()
{
  local root=$1 modules
  modules=$(echo "$root"/usr/lib/modules/*)

  find "$modules" -name '*.ko.xz' ! -path '*/netfilter/*' ! -name '*_diag.ko.xz' -exec xz -dq -T 0 {} +
  chroot "$root" depmod "${modules##*/}"
}

# The modules' index as it is without ip6_tables, for the fault "absent".  In the guest, depmod takes half a minute.
image_absent ()
{
  local root=$1 absent=$1/usr/local/lib/machine/absent modules
  modules=$(echo "$root"/usr/lib/modules/*)

  mkdir -p "$absent/lib/modules"
  cp -al "$modules" "$absent/lib/modules/"
  find "$absent" -name 'ip6_tables.ko*' -delete
  # It replaces these files, and does not write into the ones that they are links to.
  depmod -b "$absent" "${modules##*/}"
  mv "$absent/lib/modules/${modules##*/}"/modules.* "$absent/"
  rm -rf "$absent/lib"
}

image_kernel ()
{
  local root=$1 kernels=("$1"/boot/vmlinuz-*)

  cp "${kernels[-1]}" "$2/kernel"
}

# A small initramfs: the disk and its file system, and nothing else.
image_initrd ()
{
  local root=$1 target=$2 kernels=("$1"/boot/vmlinuz-*) dir n=10 version module path name
  version=${kernels[-1]##*/vmlinuz-}

  dir=$(mktemp -d)
  mkdir -p "$dir"/{bin,dev,proc,sys,new,modules}
  cp -L "$root/bin/busybox" "$dir/bin/busybox"
  while read -r path; do
    install -D "$root$path" "$dir$path"
  done < <(chroot "$root" ldd /bin/busybox 2>/dev/null | grep -o '/[^ ]*' || true)
  for module in virtio_pci virtio_blk ext4 crc32c_generic; do
    for path in $(chroot "$root" modprobe -S "$version" --show-depends "$module" |
      sed -n 's/^insmod \([^ ]*\).*/\1/p'); do
      name=${path##*/}
      name=${name%.ko*}.ko
      [[ -z $(find "$dir/modules" -name "*-$name") ]] || continue
      case $path in
        *.xz) xz -dc "$root$path" ;;
        *.zst) zstd -dcq "$root$path" ;;
        *) cat "$root$path" ;;
      esac >"$dir/modules/$n-$name"
      n=$((n + 1))
    done
  done
  cat >"$dir/init" <<'END'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev; $b mount -t proc proc /proc; $b mount -t sysfs sys /sys
for m in /modules/*; do $b insmod $m; done
until [ -b /dev/vda ]; do $b sleep 0.05; done
mode=rw
for word in $($b cat /proc/cmdline); do [ $word != ro ] || mode=ro; done
$b mount -t ext4 -o $mode /dev/vda /new || exec $b sh
$b umount /proc /sys; $b mount --move /dev /new/dev
exec $b switch_root /new /lib/systemd/systemd
END
  chmod +x "$dir/init"
  (cd "$dir" && find . | cpio -o -H newc --quiet | gzip -1) >"$target"
  rm -rf "$dir"
}
