# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: radios. wlan0 is the laptop's, and NetworkManager manages it. The others are access points in the
# routers' namespaces, bridged into their LANs.

AIR=$WORLD/air
BSSID_HOME1=02:11:00:00:00:01
BSSID_HOME2=02:11:00:00:00:02

air_up ()
{
  mkdir -p $AIR /etc/NetworkManager/conf.d
  printf '[keyfile]\nunmanaged-devices=interface-name:wlan[1-9]\n' >/etc/NetworkManager/conf.d/air.conf
  nmcli general reload
  modprobe mac80211_hwsim radios=7
  udevadm settle
  air_secured psk Heim | ap_define home1 1 home $BSSID_HOME1 1
  air_secured psk Heim | ap_define home2 2 home $BSSID_HOME2 6
  echo ssid=Cafe | ap_define cafe 3 cafe 02:66:11:00:00:01 1
  # Everything that can be copied: name, password, and the access point's address.
  air_secured psk Heim | ap_define evil 4 evil $BSSID_HOME1 1
  ap_on home1
  ap_on home2
  ap_on cafe
}

# air_secured psk|sae SSID: hostapd's lines.
air_secured ()
{
  printf 'ssid=%s\nwpa=2\nrsn_pairwise=CCMP\n' "$2"
  case $1 in
    psk) printf 'wpa_key_mgmt=WPA-PSK\nwpa_passphrase=heimkennwort\n' ;;
    sae) printf 'wpa_key_mgmt=SAE\nieee80211w=2\nsae_password=heimkennwort\n' ;;
  esac
}

# ap_define NAME RADIO HOST BSSID CHANNEL, with hostapd's lines on the standard input
ap_define ()
{
  local name=$1 radio=$2 host=$3

  if [[ -e /sys/class/net/wlan$radio ]]; then
    iw phy "$(basename "$(readlink "/sys/class/net/wlan$radio/phy80211")")" set netns name "$host"
  fi
  ip -n "$host" link set "wlan$radio" down
  ip -n "$host" link set "wlan$radio" address "$4"
  {
    printf 'interface=wlan%s\nbridge=lan\ndriver=nl80211\nhw_mode=g\n' "$radio"
    printf 'channel=%s\nctrl_interface=/run/hostapd-%s\n' "$5" "$name"
    cat
  } >"$AIR/$name.conf"
  echo "$host" >"$AIR/$name.host"
}

# ap_on NAME: unless it is on.
ap_on ()
{
  [[ ! -s $WORLD/ap-$1.pid ]] || return 0
  : >"$WORLD/ap-$1.log"
  spawn "ap-$1" "$(<"$AIR/$1.host")" hostapd "$AIR/$1.conf"
  until_true 30 grep -q AP-ENABLED "$WORLD/ap-$1.log" ||
    die "the access point $1 does not start: $(tail -n 3 "$WORLD/ap-$1.log")"
}

# ap_has NAME: somebody with the right key is connected.
ap_has () { [[ $(on "$(<"$AIR/$1.host")" hostapd_cli -p "/run/hostapd-$1" all_sta 2>/dev/null) == *AUTHORIZED* ]]; }

ap_off () { reap "ap-$1"; }

# ap_carry: home's access points go, and the impostor's is there.
ap_carry ()
{
  ap_off home2
  ap_off home1
  ap_on evil
}

# wifi_profile NAME UUID SSID AUTOCONNECT [psk|sae]: the SSID is in the form of a key file: text, or bytes
# ("99;97;102;233;").
wifi_profile ()
{
  local file=/etc/NetworkManager/system-connections/$1.nmconnection

  {
    printf '[connection]\nid=%s\nuuid=%s\nautoconnect=%s\n' "$1" "$2" "$4"
    printf 'type=wifi\ninterface-name=wlan0\n[wifi]\nssid=%s\n' "$3"
    case ${5-} in
      psk) printf '[wifi-security]\nkey-mgmt=wpa-psk\npsk=heimkennwort\n' ;;
      sae) printf '[wifi-security]\nkey-mgmt=sae\npsk=heimkennwort\n' ;;
    esac
    printf '[ipv4]\nmethod=auto\n[ipv6]\nmethod=auto\naddr-gen-mode=eui64\n'
  } >"$file"
  chmod 600 "$file"
  nmcli connection load "$file"
}

wifi_home ()
{
  wifi_profile Heim $HOME_UUID Heim true psk
  wifi_profile Cafe 11111111-2222-4333-8444-000000000066 Cafe false
  wifi_join Heim
}

# wifi_join PROFILE: NetworkManager needs a moment until a new access point is in its list.
wifi_join ()
{
  until_true 40 nmcli -w 30 connection up "$1" || die "cannot join $1"
}
