#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long it takes until a new own LAN is in the rules, in milliseconds.

lan-clock.py nftables|iptables ROUNDS    makes a bridge and removes it

The time begins before the program ip starts, and ends when nftables' new generation is reported, or with legacy tables
when their lock is given back.  So it is more than the helper takes.
"""
import ctypes
import os
import select
import socket
import struct
import subprocess
import sys
import time

NFT_MSG_NEWGEN = 10 << 8 | 15
GIVE_UP_S = 5


class Nftables:
    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.socket.bind((0, 0))
        self.socket.setsockopt(270, 1, 7)  # NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES
        self.fd = self.socket.fileno()

    def is_end(self, data):
        return struct.unpack_from("IH", data)[1] == NFT_MSG_NEWGEN


class Legacy:
    def __init__(self):
        libc = ctypes.CDLL(None)
        self.fd = libc.inotify_init()
        libc.inotify_add_watch(self.fd, b"/run/xtables.lock", 0x18)  # IN_CLOSE

    def is_end(self, data):
        return True


def drain(rules):
    while select.select([rules.fd], [], [], 0.3)[0]:
        os.read(rules.fd, 1 << 16)


def measure(rules):
    start = time.monotonic()
    subprocess.run(["ip", "-batch", "-"], check=True, text=True,
                   input="link add ctr1 up type bridge\naddr add 172.31.1.1/24 dev ctr1\n")
    while select.select([rules.fd], [], [], GIVE_UP_S)[0]:
        if rules.is_end(os.read(rules.fd, 1 << 16)):
            return (time.monotonic() - start) * 1e3
    sys.exit("nothing was written")


def main():
    rules = Nftables() if sys.argv[1] == "nftables" else Legacy()
    for _ in range(int(sys.argv[2])):
        drain(rules)
        print(f"{measure(rules):.1f}", flush=True)
        subprocess.run(["ip", "link", "del", "ctr1"], check=True)


main()
