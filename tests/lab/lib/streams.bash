# SPDX-License-Identifier: GPL-2.0-or-later
# A steady load to the NAS, both families and protocols, while something happens, and
# the count of what an impostor got of it.
streams_start ()
{
  spawn stream-udp4 "$LAB_PROBE" stream udp "$NAS4" 80 500 60
  spawn stream-udp6 "$LAB_PROBE" stream udp "$NAS6" 80 500 60
  spawn stream-tcp4 "$LAB_PROBE" stream tcp "$NAS4" 80 50 60
  spawn stream-tcpg "$LAB_PROBE" stream tcp "$NASG" 80 50 60
}

streams_stop ()
{
  local stream

  for stream in stream-udp4 stream-udp6 stream-tcp4 stream-tcpg; do
    reap $stream
    note "$stream: $(tail -n 1 "$LAB_LOGS/$stream.log")"
  done
}

none_leaked ()
{
  is "$1: not one datagram, not one SYN reached the impostor" "$(watched impostor) $(seen impostor)" "0 0"
}
