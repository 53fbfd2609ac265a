/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gets through from the bus to the helper.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The most bytes of a call, header and body, as GVariant counts them.  The longest that anybody needs is a few hundred
 * bytes. */
#define DIVERT_SIEVE_MAX_BYTES 4096

/* From now on, nobody's file descriptors get through, but those that answer a call of our own.  Nor does a longer call,
 * which gets an error.  Put it in before the bus knows our name. */
void divert_sieve_put_into (GDBusConnection *bus);

G_END_DECLS
