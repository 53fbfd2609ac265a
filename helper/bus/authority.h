/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May this caller do that?  This is the only user of polkit.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The limit of open questions.  Further ones are refused at once, so that a flood hurts only its sender. */
#define DIVERT_AUTHORITY_MAX_PER_CONNECTION 4
#define DIVERT_AUTHORITY_MAX_PER_USER       16
#define DIVERT_AUTHORITY_MAX                64

typedef struct DivertAuthority DivertAuthority;

/* What the person reads in the password dialog besides the action's own message.  The administrator's rules may look at
 * it too (action.lookup()).  This is hostile text, so it is escaped and cut.  NULL: not given. */
typedef struct
{
  const char *message; /* msgid, replaces the action's message; contains $(site) and $(network) */
  const char *site;
  const char *network;
} DivertDialog;

/* FALSE: refused, dismissed, cancelled, vanished, too many questions, polkit not there, or any error.  It must lead to
 * nothing but a refusal. */
typedef void (*DivertAuthorised) (gboolean allowed, gpointer user_data);

/* How long a question may stay open.  Without interaction a program must answer.  With interaction a person thinks, or
 * types a password. */
#define DIVERT_AUTHORITY_TIMEOUT_MS             25000
#define DIVERT_AUTHORITY_INTERACTIVE_TIMEOUT_MS 300000

DivertAuthority *divert_authority_new (GDBusConnection *bus, guint timeout_ms, guint interactive_timeout_ms);
/* Open questions are answered with a no, some of them later, from the main loop. */
void             divert_authority_free (DivertAuthority *authority);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertAuthority, divert_authority_free)

/* May the caller of @invocation do @action_id ("org.nmdivert.trust")?  Root always may, without polkit.  A password is
 * asked for only if the call's message allows interaction.  @dialog (may be NULL) is copied.  @authorised is called
 * exactly once, perhaps before this returns. */
void             divert_authority_check (DivertAuthority       *authority,
                                         GDBusMethodInvocation *invocation,
                                         const char            *action_id,
                                         const DivertDialog    *dialog,
                                         DivertAuthorised       authorised,
                                         gpointer               user_data);

G_END_DECLS
