#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program sees while the proxy comes and goes, in milliseconds.

listen.py refused PID ADDRESS      kills PID; until connections to ADDRESS are refused
listen.py fed PORT ADDRESS         from the moment on that somebody listens on PORT; until ADDRESS accepts one
listen.py datagrams PORT [transparent]  a socket that shares the port; counts what it is given, answers nothing
listen.py hold PORT        a transparent listener that shares the port; counts what it is given, answers nothing
"""
import errno
import os
import select
import signal
import socket
import sys
import time

TRY_S = 0.03
GIVE_UP_S = 5


def attempt(address):
    """How a connection to the web server ends, within TRY_S."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as s:
        s.settimeout(TRY_S)
        try:
            s.connect((address, 80))
        except TimeoutError:
            return "timeout"
        except OSError as error:
            return errno.errorcode[error.errno]
        return "accepted"


def until(address, wanted, since):
    while attempt(address) != wanted:
        if time.monotonic() > since + GIVE_UP_S:
            print("never")
            return
    print(round((time.monotonic() - since) * 1000))


def refused(pid, address):
    process = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([process], [], [])
    until(address, "ECONNREFUSED", time.monotonic())


def listens(port):
    for file in "tcp", "tcp6":
        with open(f"/proc/net/{file}") as lines:
            for line in lines:
                words = line.split()
                if words[1].endswith(f":{port:04X}") and words[3] == "0A":
                    return True
    return False


def fed(port, address):
    print("ready", file=sys.stderr, flush=True)
    while not listens(port):
        time.sleep(0.001)
    until(address, "accepted", time.monotonic())


def hold(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.setsockopt(socket.SOL_IP, 19, 1)  # IP_TRANSPARENT
        s.bind(("0.0.0.0", port))
        s.listen()
        kept = []
        while True:
            kept.append(s.accept())
            print("given", len(kept), flush=True)


def datagrams(port, transparent=False):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if transparent:
            s.setsockopt(socket.SOL_IP, 19, 1)  # IP_TRANSPARENT
        s.bind(("0.0.0.0", port))
        print("bound", flush=True)
        while True:
            s.recv(9000)
            print("given", flush=True)


what, *arguments = sys.argv[1:]
if what == "refused":
    refused(int(arguments[0]), arguments[1])
elif what == "fed":
    fed(int(arguments[0]), arguments[1])
elif what == "datagrams":
    datagrams(int(arguments[0]), arguments[1:] == ["transparent"])
else:
    hold(int(arguments[0]))
