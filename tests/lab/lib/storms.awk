# SPDX-License-Identifier: GPL-2.0-or-later
# Assigns each captured packet to its roam.  Reads the log of the roams, then the captures, and prints a line per roam:
#
#   KIND MOMENT WAY BEGIN NAS NAS-BOUND WEB WEB-BOUND ICMP WEB-HOME ICMP-HOME FIRST LAST
#
# NAS and WEB count the packets on the stranger's wire from ordinary sockets, and -BOUND those from sockets that are
# bound to the device.  ICMP counts errors to the web, which no socket sends.  -HOME counts what went past the proxy at
# home.  FIRST and LAST are the times of packets for the NAS, in milliseconds after the strike.
BEGIN {
  split(nas, list)
  for (i in list) is_nas[list[i]] = 1
}

FILENAME ~ /roams$/ {
  n++
  begin[n] = $1
  head[n] = $2 " " $3 " " $4 " " $1
  struck[n] = $5 ? $5 : $1
  at = 1
  next
}

# A capture is in order of time, too.
where != was { was = where; at = 1 }
$2 == "others" || $1 !~ /^[0-9]+$/ || $1 < begin[1] { next }
{
  while (at < n && $1 >= begin[at + 1]) at++
  bound = $4 == 443 ? "-bound" : ""
  if (!($2 in is_nas) && ($3 == 1 || $3 == 58)) count[at, "icmp" (where == "home" ? "-home" : "")]++
  else if (where == "home") count[at, "home"]++
  else if ($2 in is_nas) {
    count[at, "nas" bound]++
    if (!((at, "first") in count)) count[at, "first"] = $1
    count[at, "last"] = $1
  } else count[at, "web" bound]++
}

function since(i, which) {
  return (i, which) in count ? int((count[i, which] - struck[i]) / 1000) : "-"
}

END {
  for (i = 1; i <= n; i++)
    print head[i], count[i, "nas"] + 0, count[i, "nas-bound"] + 0, count[i, "web"] + 0, count[i, "web-bound"] + 0,
      count[i, "icmp"] + 0, count[i, "home"] + 0, count[i, "icmp-home"] + 0,
      since(i, "first"), since(i, "last")
}
