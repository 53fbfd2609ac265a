# SPDX-License-Identifier: GPL-2.0-or-later
# A DRAFT, NOT TRIED: nobody has evaluated or built this yet. It shows which parts NixOS has to put where.
{ config, lib, pkgs, ... }:

let
  cfg = config.services.nm-divert;

  nm-divert = pkgs.stdenv.mkDerivation {
    pname = "nm-divert";
    version = "0.2.0";
    src = ../..;
    nativeBuildInputs = with pkgs; [ gettext glib meson ninja pkg-config ];
    buildInputs = with pkgs; [
      dbus glib gnutls iptables json-glib kmod libmnl libnftnl libnl networkmanager
      polkit
    ];
    # The configuration is the machine's, and the state too; neither can be in the store.
    mesonFlags = [
      "--sysconfdir=/etc" "--localstatedir=/var" "-Dtests=false" "-Dwalk=disabled"
      "-Dsystemdsystemunitdir=lib/systemd/system"
    ];
    DESTDIR = "";
    installFlags = [ "--no-rebuild" ];
  };
in
{
  options.services.nm-divert = {
    enable = lib.mkEnableOption "nm-divert, which diverts traffic to a proxy by place";
    settings = lib.mkOption {
      type = lib.types.lines;
      default = "";
      example = ''
        [proxy]
        group=nm-divert-proxy
      '';
      description = "Contents of /etc/nm-divert/nm-divert.conf; see nm-divert.conf(5).";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ nm-divert ];
    environment.etc."nm-divert/nm-divert.conf".text = cfg.settings;
    users.groups.nm-divert-proxy = { };
    services.dbus.packages = [ nm-divert ];
    systemd.packages = [ nm-divert ];
    # Links to packages' [Install] sections are not made on NixOS.
    systemd.services.nm-divert-helper.wantedBy = [ "multi-user.target" ];
    networking.networkmanager.dispatcherScripts = map
      (type: { source = "${nm-divert}/libexec/nm-divert-hook"; inherit type; })
      [ "basic" "pre-up" "pre-down" ];
    networking.networkmanager.unmanaged = [ "interface-name:nm-divert-fence" ];
  };
}
