/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listens for a question that comes back: one that was for port 53, and is about to be given to the DNS port because
 * our rules have redirected it.  Whichever backend has redirected it, this is a table of its own in nftables, for as
 * long as it listens.
 */
#pragma once

#include "core/words/question.h"

G_BEGIN_DECLS

typedef struct DivertEcho DivertEcho;

DivertEcho *divert_echo_new (void);
void        divert_echo_free (DivertEcho *echo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertEcho, divert_echo_free)

/* @port: the DNS port.  FALSE: this kernel can't (Linux before 5.12, or without nftables); then there is an error for
 * the first time only. */
gboolean    divert_echo_begin (DivertEcho *echo, guint16 port, const DivertQuestion *question, GError **error);
/* Ends it.  @ret_heard: how often it came back; it went no further. */
gboolean    divert_echo_end (DivertEcho *echo, guint64 *ret_heard, GError **error);

G_END_DECLS
