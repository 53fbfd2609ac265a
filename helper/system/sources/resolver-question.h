/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks a resolver on this machine.
 */
#pragma once

#include "core/words/prefix.h"
#include "core/words/question.h"

G_BEGIN_DECLS

/* Asks @times times, and waits for @patience_ms each time.  Blocks; for a thread of its own.  TRUE: it has answered. */
gboolean divert_resolver_question_ask (DivertFamily family, guint16 port, const DivertQuestion *question, guint times,
                                       guint patience_ms);

G_END_DECLS
