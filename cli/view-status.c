/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `nm-divert status` on one screen: first the place and the reason, then the facts behind them, then what is wrong or
 * still missing and what to do about it.
 */
#include "divert-config.h"

#include "view.h"

#include <glib/gi18n.h>

#include "core/memory/drift.h"
#include "core/place/problem.h"
#include "core/words/escape.h"
#include "printable.h"

/* One line for each state, the worst first. */
static const struct
{
  const char *state;
  const char *message; /* contains the TPROXY port */
} listeners[] = {
  { "none", N_("nothing listens on port %u") },
  { "not-transparent", N_("port %u is not a transparent (TPROXY) listener") },
  { "foreign", N_("port %u is held by somebody other than the proxy") },
  { "asks-itself", N_("port %u is held by a resolver that asks itself") },
  { "good", N_("listening on port %u") },
};

static const struct
{
  const char *key;
  const char *label;
} sockets[] = {
  { "tcp4", "TCP/IPv4" },
  { "tcp6", "TCP/IPv6" },
  { "udp4", "UDP/IPv4" },
  { "udp6", "UDP/IPv6" },
};

char *
divert_view_listener (const char *state,
                      guint       port)
{
  /* The table's messages contain one %u, and are marked so for the translators. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  for (gsize i = 0; i < G_N_ELEMENTS (listeners); i++)
    if (g_str_equal (state, listeners[i].state))
      return g_strdup_printf (_(listeners[i].message), port);
#pragma GCC diagnostic pop
  return g_strdup ("");
}

static void
append_listeners (GString  *text,
                  GVariant *proxy,
                  guint     port)
{
  for (gsize i = 0; i < G_N_ELEMENTS (listeners); i++)
    {
      g_autoptr(GString) which = g_string_new (NULL);
      g_autofree char *message = divert_view_listener (listeners[i].state, port);

      for (gsize j = 0; j < G_N_ELEMENTS (sockets); j++)
        if (g_str_equal (divert_view_string (proxy, sockets[j].key), listeners[i].state))
          g_string_append_printf (which, "%s%s", which->len ? ", " : "", sockets[j].label);
      if (which->len)
        g_string_append_printf (text, "\n%s: %s", which->str, message);
    }
}

static gboolean
has_resolver (GVariant   *proxy,
              const char *state)
{
  static const char *const keys[] = { "dns-tcp4", "dns-tcp6", "dns-udp4", "dns-udp6" };
  gboolean has = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    has |= g_str_equal (divert_view_string (proxy, keys[i]), state);
  return has;
}

/* It may well be wanted, so it is no problem; but whoever wants it must know this.  If it asks itself, the problem says
 * more. */
static void
append_foreign_resolver (GString  *text,
                         GVariant *proxy,
                         guint     port)
{
  if (has_resolver (proxy, "asks-itself") || !has_resolver (proxy, "foreign"))
    return;
  g_string_append_c (text, '\n');
  g_string_append_printf (text, _("DNS port %u is held by somebody other than the proxy, "
                                  "and what that asks on port 53 comes back to it"), port);
}

static void
append_proxy (GString  *text,
              GVariant *status)
{
  g_autoptr(GVariant) proxy = g_variant_lookup_value (status, "proxy", G_VARIANT_TYPE_VARDICT);
  g_autoptr(GString) value = NULL;
  g_autofree char *group = NULL, *unit = NULL;
  guint tproxy_port = 0;
  guint dns_port = 0;

  if (!proxy)
    return;
  g_variant_lookup (proxy, "tproxy-port", "u", &tproxy_port);
  g_variant_lookup (proxy, "dns-port", "u", &dns_port);
  group = divert_escape (divert_view_string (proxy, "group"));
  value = g_string_new (NULL);
  unit = divert_escape (divert_view_string (proxy, "unit"));
  if (*unit && *group)
    g_string_append_printf (value, _("unit %s or group %s, port %u"), unit, group, tproxy_port);
  else if (*unit)
    g_string_append_printf (value, _("unit %s, port %u"), unit, tproxy_port);
  else if (*group)
    g_string_append_printf (value, _("group %s, port %u"), group, tproxy_port);
  else
    g_string_append_printf (value, _("group not set, port %u"), tproxy_port);
  if (dns_port)
    g_string_append_printf (value, _(", DNS port %u"), dns_port);
  else
    g_string_append (value, _(", DNS left alone"));
  append_listeners (value, proxy, tproxy_port);
  append_foreign_resolver (value, proxy, dns_port);
  divert_view_append_field (text, _("Proxy"), value->str);
}

/* Without a group, or in mode off, no backend has been tried. */
static void
append_backend (GString  *text,
                GVariant *status)
{
  g_autofree char *backend = divert_escape (divert_view_string (status, "backend"));
  const gboolean no_backend = divert_view_has_problem (status, DIVERT_PROBLEM_BACKEND);
  const char *none = no_backend ? _("none works here") : _("not tried yet");

  g_autofree char *why = divert_printable (divert_view_string (status, "backend-why"), DIVERT_PRINTABLE_LINE);
  g_autoptr(GString) value = g_string_new (*backend ? backend : none);

  if (*why)
    {
      g_string_append_c (value, '\n');
      g_string_append_printf (value, _("the preferred one doesn't work here: %s"), why);
    }
  divert_view_append_field (text, _("Backend"), value->str);
}

/* Where the guard is besides the backend's own, and what both have kept from leaving. */
static void
append_guard (GString  *text,
              GVariant *status)
{
  const char *guard = divert_view_string (status, "guard");
  g_autoptr(GString) value = g_string_new (NULL);
  guint64 dropped = 0;

  if (g_str_equal (guard, "nftables"))
    g_string_append (value, _("a table of its own in nftables"));
  else if (g_str_equal (guard, "none"))
    g_string_append (value, _("none in nftables"));
  if (g_variant_lookup (status, "guard-dropped", "t", &dropped) && dropped > 0)
    {
      /* xgettext does not see through G_GUINT64_FORMAT. */
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, dropped);

      if (value->len > 0)
        g_string_append_c (value, '\n');
      g_string_append_printf (value, _("%s packets kept from leaving this machine"), number);
    }
  if (value->len > 0)
    divert_view_append_field (text, _("Guard"), value->str);
}

static void
append_lans (GString  *text,
             GVariant *status)
{
  g_autoptr(GString) value = g_string_new (NULL);
  g_autofree const char **names = NULL;

  if (!g_variant_lookup (status, "lans", "^a&s", &names) || !names[0])
    return;
  for (guint i = 0; names[i]; i++)
    {
      g_autofree char *name = divert_escape (names[i]);

      g_string_append_printf (value, "%s%s", i ? ", " : "", name);
    }
  divert_view_append_field (text, _("Own LANs"), value->str);
}

/* A missing group is a problem, and comes with advice. Having no site yet is how everybody begins. */
static void
append_missing (GString  *text,
                GVariant *status)
{
  g_autofree const char **missing = NULL;

  if (g_variant_lookup (status, "missing", "^a&s", &missing) &&
      g_strv_contains ((const char *const *) missing, "site"))
    g_string_append_printf (text, "\n%s\n", _("No site yet: while at home, run 'nm-divert trust'."));
}

/* A part that this program does not know is shown as the newer helper names it. */
static char *
changed_parts_to_text (GVariant *status)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree const char **names = NULL;

  if (!g_variant_lookup (status, "drift-parts", "^a&s", &names))
    return g_strdup ("");
  for (guint i = 0; names[i]; i++)
    {
      g_autofree char *unknown = divert_escape (names[i]);
      DivertPart part;

      g_string_append (text, i ? ", " : "");
      if (divert_part_from_name (names[i], &part))
        g_string_append (text, divert_part_to_text (part, divert_view_translate));
      else
        g_string_append (text, unknown);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
append_drift (GString  *text,
              GVariant *status)
{
  g_autofree char *program = divert_escape (divert_view_string (status, "drift-program"));
  g_autofree char *parts = changed_parts_to_text (status);
  g_autoptr(GDateTime) last = NULL;
  g_autoptr(GString) value = g_string_new (NULL);
  g_autofree char *number = NULL, *clock = NULL;
  guint64 count = 0, when = 0;
  guint process = 0;

  g_variant_lookup (status, "drift-count", "t", &count);
  g_variant_lookup (status, "drift-time", "t", &when);
  g_variant_lookup (status, "drift-process", "u", &process);
  last = g_date_time_new_from_unix_local ((gint64) MIN (when, (guint64) G_MAXINT64));
  if (!count || !last)
    return;
  number = g_strdup_printf ("%" G_GUINT64_FORMAT, count);
  clock = g_date_time_format (last, "%Y-%m-%d %H:%M:%S");
  g_string_append_printf (value, _("%s since the helper started, the last at %s"), number, clock);
  g_string_append_c (value, '\n');
  if (*program)
    g_string_append_printf (value, _("%s: changed by '%s' (process %u)"), parts, program, process);
  else if (process)
    g_string_append_printf (value, _("%s: changed by process %u"), parts, process);
  else
    g_string_append_printf (value, _("%s: changed by another program"), parts);
  divert_view_append_field (text, _("Repairs"), value->str);
}

char *
divert_view_status (GVariant *status,
                    gint64    now)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *place = divert_view_place (status);
  g_autofree char *reason = divert_view_reason (status);
  g_autofree char *mode = divert_view_mode (status, now);

  divert_view_append_field (text, _("Place"), place);
  divert_view_append_field (text, _("Reason"), reason);
  divert_view_append_direct (text, status);
  divert_view_append_field (text, _("Mode"), mode);
  append_backend (text, status);
  append_proxy (text, status);
  append_guard (text, status);
  append_lans (text, status);
  append_drift (text, status);
  divert_view_append_sites (text, status);
  divert_view_append_problems (text, status);
  append_missing (text, status);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
