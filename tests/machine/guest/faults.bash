# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: "machine.fault=NAME" on the kernel's command line, once or several times, causes that fault in the boot
# itself, before anything else runs, as if a person's machine had had it from the beginning.

faults_install ()
{
  cat >/usr/local/lib/machine/fault <<'END'
#!/bin/bash
set -u
for word in $(</proc/cmdline); do
  case $word in
    machine.fault=no-nftables)
      echo 'install nf_tables /bin/false' >/etc/modprobe.d/no-nftables.conf
      # The generators have run already, without this file.
      systemctl daemon-reload
      ;;
    machine.fault=no-ip6tables)
      printf 'blacklist %s\n' ip6_tables ip6table_{mangle,nat,filter,raw} >/etc/modprobe.d/no-ip6tables.conf ;;
    machine.fault=absent)
      # depmod would take half a minute, so it was done beforehand (lib/image.bash).
      find /usr/lib/modules -name 'ip6_tables.ko*' -delete
      cp --remove-destination /usr/local/lib/machine/absent/modules.* "/usr/lib/modules/$(uname -r)/"
      ;;
    machine.fault=modprobe) rm /usr/sbin/modprobe ;;
    machine.fault=group) sed -i 's/^group=.*/group=latecomer/' /etc/nm-divert/conf.d/proxy.conf ;;
    machine.fault=config) echo 'groop=typo' >>/etc/nm-divert/conf.d/proxy.conf ;;
  esac
done
END
  chmod +x /usr/local/lib/machine/fault
  cat >/etc/systemd/system/fault.service <<'END'
[Unit]
Description=Make the fault that the kernel's command line names
DefaultDependencies=no
ConditionKernelCommandLine=machine.fault
After=systemd-remount-fs.service
Before=systemd-modules-load.service nm-divert-modules.service nm-divert-helper.service early.service sysinit.target
# With half of a modules' index udev would find no driver for the cable.
Before=systemd-udevd.service
[Service]
Type=oneshot
ExecStart=/usr/local/lib/machine/fault
[Install]
WantedBy=sysinit.target
END
  cat >/etc/systemd/system/late-bus.service <<'END'
[Unit]
Description=Hold up the bus until the helper has been started
DefaultDependencies=no
ConditionKernelCommandLine=machine.fault=bus
After=nm-divert-helper.service
Before=dbus.service
[Service]
Type=oneshot
ExecStart=/bin/true
[Install]
WantedBy=sysinit.target
END
  systemctl -q enable fault late-bus
}
