/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: Trust, Forget and Preview: what the helper learns about a network, and unlearns.
 *
 * What is learned comes from the helper's own facts, never from the caller, who only names a site and a connection. The
 * gateways are asked first, so that their addresses are fresh.
 *
 * Exactly what a person was shown is written, and nothing else. We look at it before we ask polkit, because polkit's
 * dialog names the network. We look again when the permission comes, because in between the machine may have been
 * carried elsewhere, or a stranger may have answered in the gateway's place. A digest identifies what was shown. It is
 * the caller's digest (TrustShown), or else that of the first look.
 */
#include "service-private.h"

#include <glib/gi18n-lib.h>

#include "arguments.h"
#include "change.h"
#include "core/trust/trust.h"
#include "dbus-names.h"

/* The number of waiting changes, of any kind, at which one more that asks the network is refused. */
#define MAX_LOOKS 16

static const DivertSite *
find_site (const DivertChange *change)
{
  return divert_config_find_site (change->service->snapshot->config, change->site);
}

static DivertLearned *
learn (const DivertChange  *change,
       GError             **error)
{
  return divert_trust_learn (change->service->snapshot->facts, change->uuid, change->site, find_site (change),
                             error);
}

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

  if (error == NULL)
    divert_change_answer (change, NULL, NULL);
  else
    fail_to_change (change, error);
}

/* Answers once the rules follow the change. */
static void
keep_and_answer (DivertChange *change,
                 const char   *event,
                 const char   *text)
{
  divert_orders_keep_site (change->service->orders, event, change->site, text, on_kept, change);
}

/* Returns NULL after it has answered the call, because nothing can be learned, or something other than what was
 * shown. */
static DivertLearned *
learn_what_was_shown (DivertChange *change)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertLearned) learned = learn (change, &error);
  g_autofree char *digest = NULL;

  if (learned == NULL)
    {
      fail_to_change (change, error);
      return NULL;
    }
  digest = divert_learned_digest (learned, change->site);
  if (change->digest == NULL)
    change->digest = g_steal_pointer (&digest);
  else if (!g_str_equal (change->digest, digest))
    {
      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_CHANGED,
                                                  "the network is not what was shown any more");
      return NULL;
    }
  return g_steal_pointer (&learned);
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
ask_gateways (DivertChange  *change,
              DivertOrdered  ready)
{
  divert_orders_ask_gateways (change->service->orders, "trust", ready, change);
}

static void
do_trust (DivertChange *change)
{
  ask_gateways (change, on_ready_to_trust);
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
  divert_change_authorise (g_steal_pointer (&change), DIVERT_ACTION_TRUST, &dialog);
}

/* Anybody may call it, and it waits for answers from the network. */
static gboolean
is_too_many (const DivertService   *service,
             GDBusMethodInvocation *invocation)
{
  if (service->changes < MAX_LOOKS)
    return FALSE;
  g_dbus_method_invocation_return_error_literal (invocation, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED,
                                                 "too many questions at once");
  return TRUE;
}

/* A change of @site by @uuid. Returns NULL after it has answered the call, if one of them is invalid. */
static DivertChange *
learning_new (DivertService         *service,
              GDBusMethodInvocation *invocation,
              DivertChangeFunc       func,
              const char            *site,
              const char            *uuid,
              gboolean               any_connection)
{
  DivertChange *change;

  if (!divert_arguments_site (invocation, site) || !divert_arguments_uuid (invocation, uuid, any_connection))
    return NULL;
  change = divert_change_new (service, invocation, func);
  change->site = g_strdup (site);
  change->uuid = g_strdup (uuid);
  return change;
}

/* @digest NULL: the caller has seen nothing. */
static void
begin_to_trust (DivertService         *service,
                GDBusMethodInvocation *invocation,
                const char            *site,
                const char            *uuid,
                const char            *digest)
{
  DivertChange *change = is_too_many (service, invocation) ? NULL :
                         learning_new (service, invocation, do_trust, site, uuid, FALSE);

  if (change == NULL)
    return;
  change->digest = g_strdup (digest);
  ask_gateways (change, on_ready_to_ask);
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

static GVariant *
make_strings (const GArray *items,
              gsize         size,
              char       *(*to_string) (gconstpointer item))
{
  GVariantBuilder strings;

  g_variant_builder_init (&strings, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < items->len; i++)
    {
      g_autofree char *text = to_string (items->data + i * size);

      g_variant_builder_add (&strings, "s", text);
    }
  return g_variant_builder_end (&strings);
}

static char *
prefix_to_string (gconstpointer item)
{
  return divert_prefix_to_cidr (item);
}

static char *
mac_to_string (gconstpointer item)
{
  return divert_mac_to_string (item);
}

static void
on_ready_to_preview (const GError *unused,
                     gpointer      user_data)
{
  g_autoptr(DivertChange) change = user_data;
  g_autoptr(DivertLearned) learned = NULL;
  g_autofree char *file = divert_snapshot_get_site_path (change->service->snapshot, change->site);
  g_autofree char *digest = NULL;
  g_autoptr(GError) error = NULL;
  GVariantDict dict;

  learned = learn (change, &error);
  if (learned == NULL)
    {
      divert_change_fail (change, DIVERT_DBUS_ERROR_FAILED, error);
      return;
    }
  digest = divert_learned_digest (learned, change->site);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "uuid", "s", learned->uuid);
  g_variant_dict_insert_value (&dict, "id", g_variant_new_take_string (g_utf8_make_valid (learned->id, -1)));
  g_variant_dict_insert_value (&dict, "device", g_variant_new_take_string (g_utf8_make_valid (learned->device, -1)));
  g_variant_dict_insert_value (&dict, "intranet",
                               make_strings (learned->intranet, sizeof (DivertPrefix), prefix_to_string));
  g_variant_dict_insert_value (&dict, "gateway-macs",
                               make_strings (learned->gateway_macs, sizeof (DivertMac), mac_to_string));
  g_variant_dict_insert (&dict, "file", "s", file);
  g_variant_dict_insert_value (&dict, "text", g_variant_new_take_string (g_utf8_make_valid (learned->text, -1)));
  g_variant_dict_insert (&dict, "digest", "s", digest);
  divert_helper1_complete_preview (change->service->object, change->invocation, g_variant_dict_end (&dict));
}

static gboolean
on_preview (DivertHelper1         *object,
            GDBusMethodInvocation *invocation,
            const char            *site,
            const char            *uuid,
            gpointer               user_data)
{
  DivertChange *change = is_too_many (user_data, invocation) ? NULL :
                         learning_new (user_data, invocation, NULL, site, uuid, TRUE);

  if (change != NULL)
    ask_gateways (change, on_ready_to_preview);
  return TRUE;
}

static void
do_forget (DivertChange *owned)
{
  g_autoptr(DivertChange) change = owned;
  const DivertSite *site = find_site (change);
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
  DivertChange *change = learning_new (user_data, invocation, do_forget, site, uuid, TRUE);
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
  g_signal_connect (service->object, "handle-preview", G_CALLBACK (on_preview), service);
}
