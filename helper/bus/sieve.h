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

/* How long it takes until somebody hears of what was kept back. */
#define DIVERT_SIEVE_PAUSE_MS 2000

/* Something was kept back.  While it waited for us, the bus may have thrown away what others sent. */
typedef void (*DivertKeptBack) (gpointer user_data);

/* From now on, nobody's file descriptors get through, but those that answer a call of our own.  Nor does a longer call,
 * which gets an error, or a longer signal to us alone.  Put it in before the bus knows our name.  @kept_back is called
 * in the process's main loop, at least a pause after anything was kept back, and at most once in five pauses. */
void divert_sieve_put_into (GDBusConnection *bus, DivertKeptBack kept_back, gpointer user_data);

G_END_DECLS
