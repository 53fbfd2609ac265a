#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What any user may do in a network namespace of their own: keeps the kernel busy with carriers that come and go.

stir.py N     N tun devices flap, five times a second; says "stirring" once all of them do
"""
import fcntl
import os
import resource
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454CA
TUNSETCARRIER = 0x400454E2
IFF_TUN_NO_PI = 0x1001
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1

n = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (n + 64, n + 64))
control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tuns = []
for i in range(n):
    name = b"stir%d" % i
    tuns.append(os.open("/dev/net/tun", os.O_RDWR))
    fcntl.ioctl(tuns[-1], TUNSETIFF, struct.pack("16sH22x", name, IFF_TUN_NO_PI))
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", name, IFF_UP))

carrier = 0
for turn in range(sys.maxsize):
    for tun in tuns:
        fcntl.ioctl(tun, TUNSETCARRIER, struct.pack("i", carrier))
    carrier ^= 1
    if turn == 5:
        print("stirring", flush=True)
    time.sleep(0.2)
