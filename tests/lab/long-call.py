#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks the helper something that takes much memory.

long-call.py VALUES     calls Explain with so many values of a byte each

GDBus makes an object of some 270 bytes of each.  It prints the name of the error that is the answer.
"""
import os
import socket
import struct
import sys

NAME = b"org.nmdivert.Helper1"
METHOD_CALL = 1
PATH, INTERFACE, MEMBER, DESTINATION, SIGNATURE = 1, 2, 3, 6, 8


def aligned(data, boundary):
    return data + b"\0" * (-len(data) % boundary)


def field(code, kind, value):
    if kind == b"g":
        return bytes([code, 1]) + kind + b"\0" + bytes([len(value)]) + value + b"\0"
    return bytes([code, 1]) + kind + b"\0" + struct.pack("<I", len(value)) + value + b"\0"


def call(serial, name, path, member, signature=None, body=b""):
    fields = b""
    for code, kind, value in ((PATH, b"o", path), (INTERFACE, b"s", name), (MEMBER, b"s", member),
                              (DESTINATION, b"s", name), (SIGNATURE, b"g", signature)):
        if value is not None:
            fields = aligned(fields, 8) + field(code, kind, value)
    header = struct.pack("<cBBBIII", b"l", METHOD_CALL, 0, 1, len(body), serial, len(fields))
    return aligned(header + fields, 8) + body


def main():
    values = b"\1y\0\7" * int(sys.argv[1])
    bus = socket.socket(socket.AF_UNIX)
    bus.connect("/run/dbus/system_bus_socket")
    bus.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    bus.recv(4096)
    bus.sendall(b"BEGIN\r\n" + call(1, b"org.freedesktop.DBus", b"/org/freedesktop/DBus", b"Hello"))
    bus.sendall(call(2, NAME, b"/org/nmdivert/Helper1", b"Explain", b"av", struct.pack("<I", len(values)) + values))
    bus.settimeout(60)
    answers = b""
    while b"org.freedesktop.DBus.Error." not in answers:
        answers += bus.recv(4096)
    begin = answers.index(b"org.freedesktop.DBus.Error.")
    print(answers[begin:answers.index(b"\0", begin)].decode())


main()
