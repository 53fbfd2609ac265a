/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper's answers (a{sv}, see org.nmdivert.Helper1.xml) as text for people.  Apart from gettext this is pure:
 * values in, text out.  A key that an older helper doesn't send is shown as nothing.  Text from outside is escaped.
 */
#pragma once

#include "core/place/problem.h"

G_BEGIN_DECLS

/* The string under @key; "" when there is none.  Owned by @answer. */
const char *divert_view_string (GVariant *answer, const char *key);

/* gettext() in the form that core/ wants (DivertTranslate). */
const char *divert_view_translate (const char *msgid);

/* Why the place is what it is, as one sentence in the reader's language. */
char *divert_view_reason (GVariant *answer);
/* "home, by wlan0", or "away", "off" in the reader's language. */
char *divert_view_place (GVariant *answer);
/* "automatic", "away until 21:30 (1 h 5 min left)"; @now is seconds since the epoch. */
char *divert_view_mode (GVariant *answer, gint64 now);

/* "nothing listens on port 1081"; "" if there is no such @state. */
char *divert_view_listener (const char *state, guint port);

/* Appends "LABEL  VALUE" in columns.  A value with several lines is indented.  An empty one is omitted. */
void  divert_view_append_field (GString *text, const char *label, const char *value);
/* Appends what goes direct besides the intranet, if anything does. */
void  divert_view_append_direct (GString *text, GVariant *answer);
/* Appends the sites with each proof of each candidate. */
void  divert_view_append_sites (GString *text, GVariant *answer);

gboolean divert_view_has_problem (GVariant *status, DivertProblemCode wanted);
/* Appends that problem, if the helper reports it. */
void     divert_view_append_problem (GString *text, GVariant *status, DivertProblemCode wanted);
/* Appends all of them, if there are any. */
void     divert_view_append_problems (GString *text, GVariant *status);

/* What `nm-divert status` prints. */
char *divert_view_status (GVariant *status, gint64 now);
/* What `nm-divert explain` prints.  @packet is what was asked for, and @flow whence the running flow comes (NULL: none
 * was asked for). */
char *divert_view_explanation (GVariant *explanation, const char *packet, const char *flow);
/* What `nm-divert doctor` prints. */
char *divert_view_diagnosis (GVariant *diagnosis);
/* What `nm-divert status` says about it: its gravest finding, if that is more than a note; else "". */
char *divert_view_gravest (GVariant *diagnosis);
/* What `nm-divert trust` shows before it asks.  @site is a valid name. */
char *divert_view_preview (GVariant *learned, const char *site);

G_END_DECLS
