#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A resolver that asks a server for each question that it gets, even if that is its own.

circle.py ADDRESS PORT FILE     listens there and asks the server that FILE names (ADDRESS PORT), as it reads then
"""
import selectors
import socket
import sys

selector = selectors.DefaultSelector()
asking = []


def open_socket(address):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


serving = open_socket(sys.argv[1])
serving.bind((sys.argv[1], int(sys.argv[2])))
selector.register(serving, selectors.EVENT_READ, None)


def ask(question, client):
    address, server_port = open(sys.argv[3]).read().split()
    s = open_socket(address)
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
