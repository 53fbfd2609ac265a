# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: "machine.fault=NAME" on the kernel's command line causes that fault in the boot itself, before anything
# else runs, as if a person's machine had had it from the beginning.

faults_install ()
{
  cat >/usr/local/lib/machine/fault <<'END'
#!/bin/bash
set -u
for word in $(</proc/cmdline); do
  case $word in
    machine.fault=forbidden) echo 'install ip6_tables /bin/false' >/etc/modprobe.d/forbidden.conf ;;
    machine.fault=absent) find /usr/lib/modules /lib/modules -name 'ip6_tables.ko*' -delete; depmod -a ;;
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
[Service]
Type=oneshot
ExecStart=/usr/local/lib/machine/fault
[Install]
WantedBy=sysinit.target
END
  cat >/etc/systemd/system/late-bus.service <<'END'
[Unit]
Description=Hold up the bus
DefaultDependencies=no
ConditionKernelCommandLine=machine.fault=bus
Before=dbus.service
[Service]
Type=oneshot
ExecStart=/bin/sleep 10
[Install]
WantedBy=sysinit.target
END
  systemctl -q enable fault late-bus
}
