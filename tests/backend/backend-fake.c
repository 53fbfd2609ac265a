/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a backend without a kernel.  It keeps the text of what would be laid, and
 * remembers in which order, for the tests of what stands above the backends.
 */
#include "backend-fake.h"

typedef struct
{
  DivertBackend parent;
  char         *laid[DIVERT_N_TABLES][DIVERT_N_FAMILIES];
  GString      *log;
  GError       *error;
  guint64       dropped;
  DivertFamilies lacking;      /* probing these fails … */
  gint           lacking_code; /* … with this code of DIVERT_BACKEND_ERROR */
} Fake;

static gboolean
fail (const Fake  *fake,
      GError     **error)
{
  if (fake->error == NULL)
    return FALSE;
  g_propagate_error (error, g_error_copy (fake->error));
  return TRUE;
}

static gboolean
fake_probe (DivertBackend  *backend,
            DivertFamily    family,
            GError        **error)
{
  const Fake *fake = (Fake *) backend;

  if ((fake->lacking & (1 << family)) == 0)
    return !fail (fake, error);
  g_set_error (error, DIVERT_BACKEND_ERROR, fake->lacking_code, "no %s", divert_family_name (family));
  return FALSE;
}

static gboolean
fake_apply (DivertBackend        *backend,
            const DivertRuleset  *ruleset,
            DivertTable           table,
            DivertFamily          family,
            gboolean             *ret_wrote,
            GError              **error)
{
  Fake *fake = (Fake *) backend;
  g_autofree char *text = NULL;
  gboolean differs;

  if (fail (fake, error))
    return FALSE;

  text = divert_ruleset_to_save_text (ruleset, family, table);
  differs = !g_str_equal (text, fake->laid[table][family]);
  if (differs)
    {
      g_free (fake->laid[table][family]);
      fake->laid[table][family] = g_steal_pointer (&text);
      g_string_append_printf (fake->log, "%s %s\n", divert_table_name (table), divert_family_name (family));
    }
  if (ret_wrote != NULL)
    *ret_wrote = differs;
  return TRUE;
}

static gboolean
fake_withdraw (DivertBackend  *backend,
               GError        **error)
{
  Fake *fake = (Fake *) backend;

  if (fail (fake, error))
    return FALSE;
  g_string_append (fake->log, "withdraw\n");
  return TRUE;
}

static char *
fake_read (DivertBackend  *backend,
           DivertTable     table,
           DivertFamily    family,
           GError        **error)
{
  return g_strdup (((Fake *) backend)->laid[table][family]);
}

static gboolean
fake_count_dropped (DivertBackend  *backend,
                    guint64        *ret_packets,
                    GError        **error)
{
  *ret_packets = ((Fake *) backend)->dropped;
  return TRUE;
}

static void
fake_free (DivertBackend *backend)
{
  Fake *fake = (Fake *) backend;

  for (guint table = 0; table < DIVERT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      g_free (fake->laid[table][family]);
  g_string_free (fake->log, TRUE);
  g_clear_error (&fake->error);
  g_free (fake);
}

static const DivertBackendClass fake_class = {
  .name = "fake",
  .probe = fake_probe,
  .apply = fake_apply,
  .withdraw = fake_withdraw,
  .read = fake_read,
  .count_dropped = fake_count_dropped,
  .free = fake_free,
};

DivertBackend *
divert_backend_fake_new (void)
{
  g_autoptr(DivertRuleset) nothing = divert_ruleset_new_empty ();
  Fake *fake = g_new0 (Fake, 1);

  fake->parent.klass = &fake_class;
  fake->log = g_string_new (NULL);
  for (guint table = 0; table < DIVERT_N_TABLES; table++)
    for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
      fake->laid[table][family] = divert_ruleset_to_save_text (nothing, family, table);
  return &fake->parent;
}

const char *
divert_backend_fake_get_log (DivertBackend *backend)
{
  return ((Fake *) backend)->log->str;
}

void
divert_backend_fake_set_error (DivertBackend *backend,
                               const GError  *error)
{
  Fake *fake = (Fake *) backend;

  g_clear_error (&fake->error);
  if (error != NULL)
    fake->error = g_error_copy (error);
}

void
divert_backend_fake_set_dropped (DivertBackend *backend,
                                 guint64        packets)
{
  ((Fake *) backend)->dropped = packets;
}

void
divert_backend_fake_set_lacking (DivertBackend  *backend,
                                 DivertFamilies  families,
                                 gint            code)
{
  Fake *fake = (Fake *) backend;

  fake->lacking = families;
  fake->lacking_code = code;
}
