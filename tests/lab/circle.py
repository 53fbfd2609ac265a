#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A resolver that asks a server for each question that it gets, even if that is its own.

circle.py PORT FILE     listens on 127.0.0.1:PORT and asks the server that FILE names (ADDRESS PORT), as it reads then
"""
import selectors
import socket
import sys

port, file = int(sys.argv[1]), sys.argv[2]
selector = selectors.DefaultSelector()
serving = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
serving.bind(("127.0.0.1", port))
selector.register(serving, selectors.EVENT_READ, None)
asking = []


def ask(question, client):
    address, server_port = open(file).read().split()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.connect((address, int(server_port)))
        s.send(question)
    except OSError:
        s.close()
        return
    selector.register(s, selectors.EVENT_READ, client)
    asking.append(s)
    if len(asking) > 200:
        oldest = asking.pop(0)
        selector.unregister(oldest)
        oldest.close()


while True:
    for key, _ in selector.select():
        try:
            data, peer = key.fileobj.recvfrom(4096)
        except OSError:
            continue
        if key.data is None:
            ask(data, peer)
        else:
            serving.sendto(data, key.data)
