/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the calls Trust, TrustShown and Forget: what the helper learns about a network, and unlearns.
 *
 * Exactly what a person was shown is written, and nothing else. We look at it before we ask polkit, because polkit's
 * dialog names the network. We look again when the permission comes, because in between the machine may have been
 * carried elsewhere, or a stranger may have answered in the gateway's place. A digest identifies what was shown. It is
 * the caller's digest (TrustShown), or else that of the first look.
 */
#include "learning.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "dbus-names.h"

#define NOT_AS_SHOWN "the network is not what was shown any more"

/* Files that make no valid configuration are a different failure from a failed write. */
static void
fail_to_change (DivertChange *change,
                const GError *error)
{
  divert_change_fail (change,
                      error->domain == DIVERT_CONFIG_ERROR ? DIVERT_DBUS_ERROR_CONFIG : DIVERT_DBUS_ERROR_FAILED,
                      error);
}

static void
on_kept (const GError *error,
         gpointer      user_data)
{
  g_autoptr(DivertChange) change = user_data;

  g_hash_table_remove (change->service->keeping, change->site);
  if (error == NULL)
    divert_change_answer (change, NULL, NULL);
  else
    fail_to_change (change, error);
}

/* Answers once the rules follow the change.  @text was made from the site as it is in force.  While another change of
 * the site is being written, @text knows nothing of that, and would undo it. */
static void
keep_and_answer (DivertChange *owned,
                 const char   *event,
                 const char   *text)
{
  g_autoptr(DivertChange) change = owned;
  DivertService *service = change->service;

  if (!g_hash_table_add (service->keeping, g_strdup (change->site)))
    {
      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_CHANGED,
                                                  "another change of the site is under way");
      return;
    }
  divert_orders_keep_site (service->orders, event, change->site, text, on_kept, change);
  g_steal_pointer (&change);
}

/* The digest also identifies what the person wanted to go direct. */
static DivertLearned *
learn_as_shown (DivertChange  *change,
                GError       **error)
{
  for (change->direct = 0; change->direct < DIVERT_N_TRUST_DIRECT; change->direct++)
    {
      g_autoptr(DivertLearned) learned = divert_learning_learn (change, error);
      g_autofree char *digest = learned != NULL ? divert_learned_digest (learned, change->site) : NULL;

      if (learned == NULL || g_str_equal (change->digest, digest))
        return g_steal_pointer (&learned);
    }
  g_set_error_literal (error, DIVERT_TRUST_ERROR, DIVERT_TRUST_ERROR_CHANGED, NOT_AS_SHOWN);
  return NULL;
}

/* Returns NULL after it has answered the call, because nothing can be learned, or something other than what was
 * shown. */
static DivertLearned *
learn_what_was_shown (DivertChange *change)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertLearned) learned = change->digest != NULL ? learn_as_shown (change, &error)
                                                            : divert_learning_learn (change, &error);

  if (learned != NULL && change->digest == NULL)
    change->digest = divert_learned_digest (learned, change->site);
  if (learned != NULL)
    return g_steal_pointer (&learned);
  if (g_error_matches (error, DIVERT_TRUST_ERROR, DIVERT_TRUST_ERROR_CHANGED))
    g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_CHANGED, error->message);
  else
    fail_to_change (change, error);
  return NULL;
}

static void
on_ready_to_trust (const GError *unused,
                   gpointer      user_data)
{
  g_autoptr(DivertChange) change = user_data;
  g_autoptr(DivertLearned) learned = learn_what_was_shown (change);

  if (learned != NULL)
    keep_and_answer (g_steal_pointer (&change), "trust", learned->text);
}

static void
do_trust (DivertChange *change)
{
  divert_learning_ask_gateways (change, on_ready_to_trust);
}

static void
on_ready_to_ask (const GError *unused,
                 gpointer      user_data)
{
  g_autoptr(DivertChange) change = user_data;
  g_autoptr(DivertLearned) learned = learn_what_was_shown (change);
  DivertDialog dialog = { .site = change->site };

  if (learned == NULL)
    return;
  dialog.network = learned->id;
  /* The action's own message speaks of the intranet alone. */
  if (learned->direct != 0)
    dialog.message = N_("Authentication is required to trust the network '$(network)' as site '$(site)', "
                        "where the internet or DNS goes past the proxy");
  divert_change_authorise (g_steal_pointer (&change), DIVERT_ACTION_TRUST, &dialog);
}

/* It is kept while the call waits, so it mustn't have any length that a caller likes. */
static gboolean
is_digest (const char *text)
{
  return strlen (text) == 2 * (gsize) g_checksum_type_get_length (G_CHECKSUM_SHA256);
}

/* @digest NULL: the caller has seen nothing. */
static void
begin_to_trust (DivertService         *service,
                GDBusMethodInvocation *invocation,
                const char            *site,
                const char            *uuid,
                const char            *digest)
{
  g_autoptr(DivertChange) change = divert_learning_new_asking (service, invocation, do_trust, site, uuid, FALSE);

  if (change == NULL)
    return;
  if (digest != NULL && !is_digest (digest))
    {
      g_dbus_method_invocation_return_dbus_error (invocation, DIVERT_DBUS_ERROR_CHANGED, NOT_AS_SHOWN);
      return;
    }
  change->digest = g_strdup (digest);
  divert_learning_ask_gateways (g_steal_pointer (&change), on_ready_to_ask);
}

static gboolean
on_trust (DivertHelper1         *object,
          GDBusMethodInvocation *invocation,
          const char            *site,
          const char            *uuid,
          gpointer               user_data)
{
  begin_to_trust (user_data, invocation, site, uuid, NULL);
  return TRUE;
}

static gboolean
on_trust_shown (DivertHelper1         *object,
                GDBusMethodInvocation *invocation,
                const char            *site,
                const char            *uuid,
                const char            *digest,
                gpointer               user_data)
{
  begin_to_trust (user_data, invocation, site, uuid, digest);
  return TRUE;
}

static void
do_forget (DivertChange *owned)
{
  g_autoptr(DivertChange) change = owned;
  const DivertSite *site = divert_learning_find_site (change);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  if (site == NULL)
    {
      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_UNKNOWN_SITE, "unknown site");
      return;
    }
  /* The text is the rest of the site without the connection. If nothing is left, the file is removed. */
  if (change->uuid[0] != '\0' && !divert_trust_forget (site, change->uuid, &text, &error))
    {
      fail_to_change (change, error);
      return;
    }
  keep_and_answer (g_steal_pointer (&change), "forget", text);
}

static gboolean
on_forget (DivertHelper1         *object,
           GDBusMethodInvocation *invocation,
           const char            *site,
           const char            *uuid,
           gpointer               user_data)
{
  DivertChange *change = divert_learning_new (user_data, invocation, do_forget, site, uuid, TRUE);
  DivertDialog dialog = { .site = site, .network = uuid };

  /* The action's own message is worded for trust. */
  dialog.message = uuid[0] != '\0' ? N_("Authentication is required to take the network '$(network)' "
                                        "out of site '$(site)'") :
                                     N_("Authentication is required to forget site '$(site)'");
  if (change != NULL)
    divert_change_authorise (change, DIVERT_ACTION_TRUST, &dialog);
  return TRUE;
}

void
divert_service_connect_learning (DivertService *service)
{
  g_signal_connect (service->object, "handle-trust", G_CALLBACK (on_trust), service);
  g_signal_connect (service->object, "handle-trust-shown", G_CALLBACK (on_trust_shown), service);
  g_signal_connect (service->object, "handle-forget", G_CALLBACK (on_forget), service);
}
