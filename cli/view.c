/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts that several answers share: place, reason, mode, sites and their proofs.
 */
#include "divert-config.h"

#include "view.h"

#include <glib/gi18n.h>

#include "core/place/decision.h"
#include "printable.h"

#define LABEL_COLUMNS 12

const char *
divert_view_translate (const char *msgid)
{
  /* For "", gettext returns the catalogue's header. */
  return *msgid ? gettext (msgid) : "";
}

const char *
divert_view_string (GVariant   *answer,
                    const char *key)
{
  const char *value = "";

  g_variant_lookup (answer, key, "&s", &value);
  return value;
}

char *
divert_view_reason (GVariant *answer)
{
  DivertReason reason = {
    .site = (char *) divert_view_string (answer, "reason-site"),
    .device = (char *) divert_view_string (answer, "reason-device"),
    .id = (char *) divert_view_string (answer, "reason-connection"),
    .expected = (char *) divert_view_string (answer, "reason-expected"),
    .found = (char *) divert_view_string (answer, "reason-found"),
  };
  const char *proof = divert_view_string (answer, "reason-proof");

  reason.has_proof = *proof != '\0';

  /* A newer helper may have reasons that this program knows only in English. */
  if (!divert_reason_code_from_name (divert_view_string (answer, "reason-code"), &reason.code) ||
      (*proof && !divert_proof_kind_from_name (proof, &reason.proof)))
    return divert_printable (divert_view_string (answer, "reason"), DIVERT_PRINTABLE_LINE);
  return divert_reason_to_text (&reason, divert_view_translate);
}

void
divert_view_append_direct (GString  *text,
                           GVariant *answer)
{
  g_autofree const char **also = NULL;
  gboolean internet, dns;

  if (!g_variant_lookup (answer, "direct-also", "^a&s", &also))
    return;
  internet = g_strv_contains (also, "internet");
  dns = g_strv_contains (also, "dns");
  if (internet && dns)
    divert_view_append_field (text, _("Direct"), _("the internet and DNS, too"));
  else if (internet)
    divert_view_append_field (text, _("Direct"), _("the internet, too"));
  else if (dns)
    divert_view_append_field (text, _("Direct"), _("DNS, too"));
}

char *
divert_view_place (GVariant *answer)
{
  const char *place = divert_view_string (answer, "place");
  /* Not "device", because in an explanation that is where the packet leaves. */
  const char *device = divert_view_string (answer, "reason-device");
  g_autofree char *site = NULL;
  g_autofree char *shown_device = NULL;

  if (g_str_equal (place, "away"))
    return g_strdup (_("away"));
  if (g_str_equal (place, "off"))
    return g_strdup (_("off: nothing is diverted"));
  site = divert_escape (place);
  if (!*device)
    return g_steal_pointer (&site);
  shown_device = divert_escape (device);
  return g_strdup_printf (_("%s, by %s"), site, shown_device);
}

/* "1 h 5 min"; the two largest units that matter. */
static char *
time_left_to_text (gint64 seconds)
{
  int days = (int) (seconds / 86400);
  int hours = (int) (seconds / 3600 % 24);
  int minutes = (int) (seconds / 60 % 60);

  if (days > 0)
    return g_strdup_printf (_("%d d %d h left"), days, hours);
  if (hours > 0)
    return g_strdup_printf (_("%d h %d min left"), hours, minutes);
  if (minutes > 0)
    return g_strdup_printf (_("%d min left"), minutes);
  return g_strdup_printf (_("%d s left"), (int) MAX (seconds, 0));
}

static char *
expiry_to_text (guint64 expires,
                gint64  now)
{
  /* g_date_time_new_from_unix_local() accepts years only up to 9999. */
  g_autoptr(GDateTime) end = g_date_time_new_from_unix_local ((gint64) MIN (expires, (guint64) G_MAXINT64));
  g_autofree char *left = NULL;
  g_autofree char *clock = NULL;

  if (!end)
    return NULL;
  left = time_left_to_text ((gint64) expires - now);
  clock = g_date_time_format (end, "%Y-%m-%d %H:%M");
  return g_strdup_printf (_("until %s (%s)"), clock, left);
}

char *
divert_view_mode (GVariant *answer,
                  gint64    now)
{
  const char *mode = divert_view_string (answer, "mode");
  GString *text = g_string_new (NULL);
  gboolean until_network_change = FALSE;
  guint64 expires = 0;

  if (g_str_equal (mode, "auto"))
    g_string_append (text, _("automatic"));
  else if (g_str_equal (mode, "away"))
    g_string_append (text, _("away, by hand"));
  else if (g_str_equal (mode, "off"))
    g_string_append (text, _("off, by hand"));
  else if (*mode)
    {
      g_autofree char *site = divert_escape (mode);

      g_string_append_printf (text, _("%s, by hand"), site);
    }

  g_variant_lookup (answer, "mode-expires", "t", &expires);
  if (expires)
    {
      g_autofree char *expiry = expiry_to_text (expires, now);

      if (expiry)
        g_string_append_printf (text, ", %s", expiry);
    }
  g_variant_lookup (answer, "until-network-change", "b", &until_network_change);
  if (until_network_change)
    g_string_append_printf (text, ", %s", _("until the network changes"));
  return g_string_free (text, FALSE);
}

void
divert_view_append_field (GString    *text,
                          const char *label,
                          const char *value)
{
  g_auto(GStrv) lines = g_strsplit (value, "\n", -1);

  for (guint i = 0; lines[i]; i++)
    {
      const char *shown = i ? "" : label;
      guint width = divert_display_width (shown);

      g_string_append_printf (text, "%s%*s%s\n", shown, (int) (width < LABEL_COLUMNS ? LABEL_COLUMNS - width : 1), "",
                              lines[i]);
    }
}

static void
append_proofs (GString  *text,
               GVariant *candidate)
{
  g_autoptr(GVariant) proofs = g_variant_lookup_value (candidate, "proofs", G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; proofs && i < g_variant_n_children (proofs); i++)
    {
      g_autoptr(GVariant) answer = g_variant_get_child_value (proofs, i);
      DivertProof proof = {
        .expected = (char *) divert_view_string (answer, "expected"),
        .found = (char *) divert_view_string (answer, "found"),
      };
      g_autofree char *line = NULL;

      if (!divert_proof_kind_from_name (divert_view_string (answer, "kind"), &proof.kind) ||
          !divert_outcome_from_name (divert_view_string (answer, "outcome"), &proof.outcome))
        continue;
      line = divert_proof_to_text (&proof, divert_view_translate);
      g_string_append_printf (text, "      %c %s\n",
                              proof.outcome == DIVERT_OUTCOME_HOLDS   ? '+'
                              : proof.outcome == DIVERT_OUTCOME_FAILS ? '-'
                                                                      : '?',
                              line);
    }
}

static void
append_candidate (GString  *text,
                  GVariant *candidate)
{
  g_autofree char *connection = divert_escape (divert_view_string (candidate, "connection"));
  g_autofree char *device = divert_escape (divert_view_string (candidate, "device"));
  gboolean proven = FALSE;

  g_variant_lookup (candidate, "proven", "b", &proven);
  g_string_append (text, "    ");
  if (*device)
    g_string_append_printf (text, proven ? _("'%s' on %s: proven") : _("'%s' on %s: not proven"), connection, device);
  else
    g_string_append_printf (text, proven ? _("'%s': proven") : _("'%s': not proven"), connection);
  g_string_append_c (text, '\n');
  append_proofs (text, candidate);
}

static char *
join (GVariant   *answer,
      const char *key)
{
  g_autofree const char **items = NULL;
  g_autofree char *joined = NULL;

  if (!g_variant_lookup (answer, key, "^a&s", &items))
    return g_strdup ("");
  joined = g_strjoinv (", ", (char **) items);
  return divert_printable (joined, DIVERT_PRINTABLE_LINE);
}

void
divert_view_append_sites (GString  *text,
                          GVariant *answer)
{
  g_autoptr(GVariant) sites = g_variant_lookup_value (answer, "sites", G_VARIANT_TYPE ("aa{sv}"));

  if (!sites || g_variant_n_children (sites) == 0)
    return;
  g_string_append_printf (text, "\n%s\n", _("Sites (+ holds, - fails, ? not known yet)"));
  for (gsize i = 0; i < g_variant_n_children (sites); i++)
    {
      g_autoptr(GVariant) site = g_variant_get_child_value (sites, i);
      g_autoptr(GVariant) candidates = g_variant_lookup_value (site, "candidates", G_VARIANT_TYPE ("aa{sv}"));
      g_autofree char *name = divert_escape (divert_view_string (site, "name"));
      g_autofree char *intranet = join (site, "intranet");

      g_string_append_printf (text, "  %s: %s\n", name, intranet);
      for (gsize j = 0; candidates && j < g_variant_n_children (candidates); j++)
        {
          g_autoptr(GVariant) candidate = g_variant_get_child_value (candidates, j);

          append_candidate (text, candidate);
        }
      if (!candidates || g_variant_n_children (candidates) == 0)
        g_string_append_printf (text, "    %s\n", _("no active connection"));
    }
}
