/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a backend without a kernel.  It keeps the ruleset that would be installed, and remembers what it was asked, for
 * the tests of the code above the backends.
 */
#include "backend-fake.h"

typedef struct
{
  DivertBackend      parent;
  DivertRuleset     *laid;
  GString           *log;
  GError            *error;
  gboolean           guards;       /* a failing apply has got at least this far */
  DivertFakeApplying applying;
  gpointer           applying_data;
  guint64            dropped;
  DivertFamilies     lacking;      /* probing these fails … */
  gint               lacking_code; /* … with this code of DIVERT_BACKEND_ERROR */
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
fake_apply (DivertBackend  *backend,
            DivertRuleset  *ruleset,
            DivertApplied  *applied,
            GError        **error)
{
  Fake *fake = (Fake *) backend;

  if (fail (fake, error))
    {
      applied->guarded = fake->guards;
      return FALSE;
    }
  if (fake->applying != NULL)
    fake->applying (fake->applying_data);
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    {
      gboolean differs = !divert_ruleset_same_rules (fake->laid, ruleset, family, DIVERT_ALL_CHAINS);

      divert_applied_add (applied, differs);
      if (differs)
        g_string_append_printf (fake->log, "%s\n", divert_family_name (family));
    }
  divert_ruleset_ref (ruleset);
  divert_ruleset_unref (fake->laid);
  fake->laid = ruleset;
  applied->guarded = TRUE;
  return TRUE;
}

static gboolean
fake_withdraw (DivertBackend  *backend,
               GError        **error)
{
  Fake *fake = (Fake *) backend;

  g_string_append (fake->log, "withdraw\n");
  return !fail (fake, error);
}

static void
fake_watch (DivertBackend *backend,
            DivertTouched  touched,
            gpointer       user_data)
{
}

static DivertParts
fake_find_drift (DivertBackend *backend,
                 gboolean       thorough)
{
  return 0;
}

static gboolean
fake_inspect (DivertBackend  *backend,
              gboolean       *ret_any,
              GError        **error)
{
  const Fake *fake = (Fake *) backend;

  if (fail (fake, error))
    return FALSE;
  *ret_any = !divert_ruleset_is_empty (fake->laid);
  return TRUE;
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

  divert_ruleset_unref (fake->laid);
  g_string_free (fake->log, TRUE);
  g_clear_error (&fake->error);
  g_free (fake);
}

static const DivertBackendClass fake_class = {
  .name = "fake",
  .probe = fake_probe,
  .apply = fake_apply,
  .withdraw = fake_withdraw,
  .watch = fake_watch,
  .find_drift = fake_find_drift,
  .inspect = fake_inspect,
  .count_dropped = fake_count_dropped,
  .free = fake_free,
};

DivertBackend *
divert_backend_fake_new (void)
{
  Fake *fake = g_new0 (Fake, 1);

  fake->parent.klass = &fake_class;
  fake->log = g_string_new (NULL);
  fake->laid = divert_ruleset_new_empty ();
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
divert_backend_fake_set_guards (DivertBackend *backend,
                                gboolean       guards)
{
  ((Fake *) backend)->guards = guards;
}

void
divert_backend_fake_set_applying (DivertBackend      *backend,
                                  DivertFakeApplying  applying,
                                  gpointer            user_data)
{
  Fake *fake = (Fake *) backend;

  fake->applying = applying;
  fake->applying_data = user_data;
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
