/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the calls Preview and PreviewDirect, and the shape of their answer: what the helper would learn about a
 * network.
 */
#include "learning.h"

#include "dbus-names.h"
#include "utf8.h"

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

static const char *const direct_names[] = { "internet", "dns" };

static GVariant *
make_direct (guint direct)
{
  GVariantBuilder names;

  g_variant_builder_init (&names, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < G_N_ELEMENTS (direct_names); i++)
    if ((direct & (1u << i)) != 0)
      g_variant_builder_add (&names, "s", direct_names[i]);
  return g_variant_builder_end (&names);
}

/* Unknown ones are a newer caller's, whom it would be wrong to promise anything.  The call waits with all of its words,
 * so each may be there once. */
static gboolean
parse_direct (GDBusMethodInvocation  *invocation,
              const char *const      *names,
              guint                  *ret_direct)
{
  guint direct = 0;

  for (; *names != NULL; names++)
    {
      guint i = 0;

      while (i < G_N_ELEMENTS (direct_names) && !g_str_equal (*names, direct_names[i]))
        i++;
      if (i == G_N_ELEMENTS (direct_names) || (direct & (1u << i)) != 0)
        {
          const char *problem = i == G_N_ELEMENTS (direct_names) ? "neither 'internet' nor 'dns'" : "given twice";

          g_dbus_method_invocation_return_dbus_error (invocation, DIVERT_DBUS_ERROR_INVALID_ARGUMENT, problem);
          return FALSE;
        }
      direct |= 1u << i;
    }
  *ret_direct = direct;
  return TRUE;
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

  learned = divert_learning_learn (change, &error);
  if (learned == NULL)
    {
      divert_change_fail (change, DIVERT_DBUS_ERROR_FAILED, error);
      return;
    }
  digest = divert_learned_digest (learned, change->site);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "uuid", "s", learned->uuid);
  g_variant_dict_insert_value (&dict, "id", divert_utf8_new (learned->id));
  g_variant_dict_insert_value (&dict, "device", divert_utf8_new (learned->device));
  g_variant_dict_insert_value (&dict, "intranet",
                               make_strings (learned->intranet, sizeof (DivertPrefix), prefix_to_string));
  g_variant_dict_insert_value (&dict, "gateway-macs",
                               make_strings (learned->gateway_macs, sizeof (DivertMac), mac_to_string));
  g_variant_dict_insert_value (&dict, "direct-also", make_direct (learned->direct));
  g_variant_dict_insert (&dict, "file", "s", file);
  g_variant_dict_insert_value (&dict, "text", divert_utf8_new (learned->text));
  g_variant_dict_insert (&dict, "digest", "s", digest);
  divert_helper1_complete_preview (change->service->object, change->invocation, g_variant_dict_end (&dict));
}

static void
begin_to_preview (DivertService         *service,
                  GDBusMethodInvocation *invocation,
                  const char            *site,
                  const char            *uuid,
                  guint                  direct)
{
  DivertChange *change = divert_learning_new_asking (service, invocation, NULL, site, uuid, TRUE);

  if (change == NULL)
    return;
  change->direct = direct;
  divert_learning_ask_gateways (change, on_ready_to_preview);
}

static gboolean
on_preview (DivertHelper1         *object,
            GDBusMethodInvocation *invocation,
            const char            *site,
            const char            *uuid,
            gpointer               user_data)
{
  begin_to_preview (user_data, invocation, site, uuid, 0);
  return TRUE;
}

static gboolean
on_preview_direct (DivertHelper1         *object,
                   GDBusMethodInvocation *invocation,
                   const char            *site,
                   const char            *uuid,
                   const char *const     *names,
                   gpointer               user_data)
{
  guint direct;

  if (parse_direct (invocation, names, &direct))
    begin_to_preview (user_data, invocation, site, uuid, direct);
  return TRUE;
}

void
divert_service_connect_previewing (DivertService *service)
{
  g_signal_connect (service->object, "handle-preview", G_CALLBACK (on_preview), service);
  g_signal_connect (service->object, "handle-preview-direct", G_CALLBACK (on_preview_direct), service);
}
