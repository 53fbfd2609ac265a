# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: radios. wlan0 is the laptop's, and NetworkManager manages it. The others are access points in the
# routers' namespaces, bridged into their LANs.

AIR=$WORLD/air
BSSID_HOME1=02:11:00:00:00:01
BSSID_HOME2=02:11:00:00:00:02
BSSID_CAFE=02:66:11:00:00:01

air_up ()
{
  mkdir -p $AIR /etc/NetworkManager/conf.d
  # It knows no "[1-6]".
  printf '[keyfile]\nunmanaged-devices=%s\n' "$(printf 'interface-name:wlan%s;' {1..6})" \
    >/etc/NetworkManager/conf.d/air.conf
  nmcli general reload
  modprobe mac80211_hwsim radios=7
  udevadm settle
  air_secured psk Heim | ap_define home1 1 home $BSSID_HOME1 1
  air_secured psk Heim | ap_define home2 2 home $BSSID_HOME2 6
  echo ssid=Cafe | ap_define cafe 3 cafe $BSSID_CAFE 1
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
  echo "$4" >"$AIR/$name.bssid"
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
  until_true 60 nmcli -w 60 connection up "$1" || die "cannot join $1"
}

# air_hears BSSID…: the supplicant can't roam to an access point that it has not heard of.
air_hears ()
{
  local bssid

  for bssid; do
    until_true 90 air_heard "$bssid" || die "the supplicant does not hear $bssid"
  done
}

air_heard ()
{
  wpa_cli -i wlan0 bss "$1" | grep -q ^bssid= && return
  wpa_cli -i wlan0 scan
  pause 1
  return 1
}

# air_joins SECONDS BSSID AP…: waits until the laptop is at one of these access points. A BSSID is where it shall roam
# to at once. What the cases test lies behind that, so nobody waits for a supplicant's luck (see air_nudge).
air_joins ()
{
  local end=$(($(now_ms) + $1 * 1000)) bssid=$2 next wait=6000
  shift 2

  next=$(($(now_ms) + wait))
  [[ -z $bssid ]] || next=0
  until air_at "$@"; do
    (($(now_ms) < end)) || return 1
    if (($(now_ms) >= next)); then
      air_nudge "$bssid"
      # On a busy host, joining may take longer than that, and must not be interrupted each time.
      next=$(($(now_ms) + wait)) wait=$((wait * 2))
    fi
    pause 0.3
  done
}

# air_activation: NetworkManager's activation on wlan0.  Each one has another path on the bus.
air_activation () { nmcli -g GENERAL.CON-PATH device show wlan0; }

# Both sides have to say so. An access point goes on listing a station that has roamed away, and a supplicant cannot
# tell two access points with the same address apart.
air_at ()
{
  local name said
  said=$(wpa_cli -i wlan0 status)

  [[ $said == *wpa_state=COMPLETED* ]] || return 1
  for name; do
    [[ -s $WORLD/ap-$name.pid && $said == *bssid="$(<"$AIR/$name.bssid")"* ]] && ap_has "$name" && return
  done
  return 1
}

# Left alone, the supplicant ignores an access point for up to half an hour after it has failed a few times, and scans
# less and less often. NetworkManager gives a profile up after four tries, and at once if a handshake that was cut off
# looks like a wrong password. An access point that was just started is in nobody's list.  A profile that it has given
# up is activated anew, so who needs a roam within one activation compares air_activation.
air_nudge ()
{
  local state wpa

  state=$(nmcli -g GENERAL.STATE device show wlan0)
  wpa=$(wpa_cli -i wlan0 status | sed -n 's/^wpa_state=//p')
  echo "NetworkManager $state, wpa_supplicant $wpa${1:+, to $1}" >>$WORLD/nudges
  if ((${state%% *} < 40 || ${state%% *} > 100)); then
    nmcli -w 0 connection up Heim
  elif [[ ! $wpa =~ ^(AUTHENTICATING|ASSOCIAT|.*HANDSHAKE) ]]; then
    wpa_cli -i wlan0 bssid_ignore clear
    if [[ -z $1 || $wpa != COMPLETED ]]; then
      wpa_cli -i wlan0 reassociate
    elif [[ $(wpa_cli -i wlan0 roam "$1") != OK ]]; then
      wpa_cli -i wlan0 scan
    fi
  fi
} >/dev/null 2>&1

# air_says SECONDS: for people, after a point has failed: the radios as everybody sees them, and what has been said.
air_says ()
{
  local log

  [[ -d $AIR ]] || return 0
  nmcli -g GENERAL.STATE,GENERAL.REASON,GENERAL.CONNECTION device show wlan0
  wpa_cli -i wlan0 status
  wpa_cli -i wlan0 scan_results
  wpa_cli -i wlan0 bssid_ignore
  sed 's/^/nudged: /' $WORLD/nudges 2>/dev/null
  for log in $WORLD/ap-*.log; do
    tail -n 5 "$log" | sed "s,^,${log##*/}: ,"
  done
  journalctl -b --no-pager -o short-monotonic --since "-$1s" -u NetworkManager -u wpa_supplicant -u nm-divert-helper |
    tail -n 120
}
