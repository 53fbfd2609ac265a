/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `nm-divert explain`: the path, the rule that decides, what of that is in the kernel, the place, and the proofs behind
 * the place.
 */
#include "divert-config.h"

#include "view.h"

#include <glib/gi18n.h>

#include "core/words/escape.h"
#include "printable.h"

static char *
path_to_text (GVariant *explanation)
{
  const char *path = divert_view_string (explanation, "path");
  const char *device = divert_view_string (explanation, "device");
  guint port = 0;

  g_variant_lookup (explanation, "port", "u", &port);
  if (g_str_equal (path, "direct") && *device)
    {
      g_autofree char *shown = divert_escape (device);

      return g_strdup_printf (_("direct, by %s"), shown);
    }
  if (g_str_equal (path, "direct"))
    return g_strdup (_("direct"));
  if (g_str_equal (path, "divert"))
    return g_strdup_printf (_("diverted to the proxy's port %u"), port);
  if (g_str_equal (path, "dns"))
    return g_strdup_printf (_("redirected to the proxy's DNS port %u"), port);
  if (g_str_equal (path, "block"))
    return g_strdup (_("refused"));
  return divert_escape (path);
}

static char *
rule_to_text (GVariant *explanation)
{
  g_autofree char *table = divert_escape (divert_view_string (explanation, "table"));
  g_autofree char *rule = divert_printable (divert_view_string (explanation, "rule"), DIVERT_PRINTABLE_LINE);

  if (!*rule)
    return g_strdup (_("no rule concerns it"));
  return g_strdup_printf (_("table %s: %s"), table, rule);
}

/* Which rules the kernel has, if they aren't those that are wanted, as of Explain().  "": they are. */
static const char *
laid_to_text (const char *laid)
{
  static const struct
  {
    const char *laid, *message;
  } words[] = {
    { "former", N_("still has older rules, because the wanted ones could not be laid") },
    { "none", N_("has no rules of nm-divert's, although some are wanted") },
    { "changed", N_("has rules that another program has changed, so this is how it should be") },
    { "unrouted", N_("does not lead it to the proxy, because another ip rule comes first, and drops it") },
    { "unknown", N_("does not tell its rules, so this is how it should be") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (laid, words[i].laid))
      return _(words[i].message);
  return "";
}

/* Who is at the proxy's port, if the packet is led to one. */
static char *
listener_to_text (GVariant *explanation)
{
  guint port = 0;

  g_variant_lookup (explanation, "listener-port", "u", &port);
  return divert_view_listener (divert_view_string (explanation, "listener"), port);
}

static void
append_unless_empty (GString    *text,
                     const char *label,
                     const char *value)
{
  if (*value)
    divert_view_append_field (text, label, value);
}

static void
append_why (GString  *text,
            GVariant *fate)
{
  /* A msgid of core/ruleset/ruleset-*.c. */
  const char *why = divert_view_string (fate, "why");
  g_autofree char *because = *why ? divert_printable (divert_view_translate (why), DIVERT_PRINTABLE_LINE)
                                  : g_strdup ("");

  append_unless_empty (text, _("Because"), because);
}

static void
append_fate (GString    *text,
             const char *label,
             GVariant   *fate)
{
  g_autofree char *path = path_to_text (fate);
  g_autofree char *rule = rule_to_text (fate);

  divert_view_append_field (text, label, path);
  append_why (text, fate);
  divert_view_append_field (text, _("Rule"), rule);
}

/* The running flow, and whether it is as a new one would be. */
static void
append_flow (GString    *text,
             GVariant   *explanation,
             const char *source)
{
  g_autoptr(GVariant) flow = g_variant_lookup_value (explanation, "flow", G_VARIANT_TYPE_VARDICT);
  g_autofree char *shown = divert_escape (source);
  g_autofree char *mark = NULL;
  gboolean tracked = FALSE, same = FALSE, unrouted = FALSE;
  guint32 value = 0;

  if (!flow)
    return;
  g_variant_lookup (flow, "tracked", "b", &tracked);
  g_variant_lookup (flow, "same", "b", &same);
  g_variant_lookup (flow, "unrouted", "b", &unrouted);
  g_variant_lookup (flow, "mark", "u", &value);
  divert_view_append_field (text, _("Flow from"), shown);
  if (!tracked)
    {
      divert_view_append_field (text, "", _("not tracked by the kernel: its next packet is judged like a new one"));
      return;
    }
  append_fate (text, _("Its path"), flow);
  append_unless_empty (text, _("Kernel"), unrouted ? laid_to_text ("unrouted") : "");
  mark = g_strdup_printf ("0x%x", value);
  divert_view_append_field (text, _("Its mark"), mark);
  if (!same)
    divert_view_append_field (text, "", _("a new connection goes another way than this flow"));
}

/* "docker0, 172.17.0.2"; "" for a packet of this machine. */
static char *
sender_to_text (GVariant *explanation)
{
  g_autofree char *device = divert_escape (divert_view_string (explanation, "from-device"));
  g_autofree char *address = divert_escape (divert_view_string (explanation, "from-address"));

  return *address ? g_strdup_printf ("%s, %s", device, address) : g_steal_pointer (&device);
}

char *
divert_view_explanation (GVariant   *explanation,
                         const char *packet,
                         const char *flow)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *shown = divert_escape (packet);
  g_autofree char *place = divert_view_place (explanation);
  g_autofree char *reason = divert_view_reason (explanation);
  g_autofree char *listener = listener_to_text (explanation);
  g_autofree char *sender = sender_to_text (explanation);

  divert_view_append_field (text, _("Packet"), shown);
  append_unless_empty (text, _("From"), sender);
  append_fate (text, _("Path"), explanation);
  append_unless_empty (text, _("Listener"), listener);
  append_unless_empty (text, _("Kernel"), laid_to_text (divert_view_string (explanation, "laid")));
  if (flow)
    append_flow (text, explanation, flow);
  divert_view_append_field (text, _("Place"), place);
  divert_view_append_field (text, _("Reason"), reason);
  divert_view_append_sites (text, explanation);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
