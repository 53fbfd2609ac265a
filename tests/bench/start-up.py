#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# start-up.py PROGRAM: starts it as a service manager does, and prints how many milliseconds it takes until it says that
# it is ready.  It goes on running.
import os
import socket
import subprocess
import sys
import time

manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind("")
manager.settimeout(30)
name = manager.getsockname()
began = time.monotonic()
subprocess.Popen(sys.argv[1:2], stdout=sys.stderr, env={**os.environ, "NOTIFY_SOCKET": "@" + name[1:].decode()})
while b"READY=1" not in manager.recv(4096).split(b"\n"):
    pass
print(round((time.monotonic() - began) * 1000, 1))
