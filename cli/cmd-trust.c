/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-divert trust: shows what the helper would learn about the current network, asks, and has it learned.
 */
#include "divert-config.h"

#include <stdio.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "bus/dbus-names.h"
#include "client.h"
#include "core/config/config.h"
#include "core/words/escape.h"
#include "profiles.h"
#include "view.h"

#define DEFAULT_SITE "home"
#define MAX_LOOKS    3 /* if nobody is asked; an address may have appeared in between */

static gboolean
person_says_yes (void)
{
  char answer[16];

  g_print ("%s", _("Is this network yours? [y/N] "));
  fflush (stdout);
  if (!fgets (answer, sizeof answer, stdin))
    return FALSE;
  g_strstrip (answer);
  /* TRANSLATORS: what a person may answer besides y */
  return g_ascii_strcasecmp (answer, "y") == 0 || g_ascii_strcasecmp (answer, "yes") == 0 ||
         g_str_equal (answer, _("yes"));
}

/* The helper found no connection, or several, or an unsuitable one. */
static DivertExitCode
report_choice (const GError *error)
{
  DivertExitCode code = divert_client_report (error);

  if (code == DIVERT_EXIT_FAILED)
    g_printerr ("%s\n",
                _("A connection is chosen with --connection, by name or UUID ('nmcli connection show --active')."));
  return code;
}

static gboolean
show_preview (GDBusConnection    *bus,
              const char         *site,
              const char         *uuid,
              const char *const  *direct,
              GVariant          **ret_learned,
              GError            **error)
{
  GVariant *learned = direct[0] ? divert_client_get (bus, "PreviewDirect",
                                                     g_variant_new ("(ss^as)", site, uuid, direct), error)
                                : divert_client_get (bus, "Preview", g_variant_new ("(ss)", site, uuid), error);
  g_autofree char *text = NULL;

  if (!learned)
    return FALSE;
  text = divert_view_preview (learned, site);
  g_print ("%s", text);
  *ret_learned = learned;
  return TRUE;
}

static DivertExitCode
trust (GDBusConnection   *bus,
       const char        *site,
       const char        *uuid,
       const char *const *direct,
       gboolean           yes)
{
  for (guint looks = 1;; looks++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GVariant) learned = NULL;
      g_autoptr(GVariant) reply = NULL;

      if (!show_preview (bus, site, uuid, direct, &learned, &error))
        return *uuid ? divert_client_report (error) : report_choice (error);
      if (!yes && !person_says_yes ())
        {
          divert_command_complain (_("nothing changed"));
          return DIVERT_EXIT_FAILED;
        }

      /* Trust what was shown, even if another connection has become active meanwhile. */
      reply = divert_client_call (bus, DIVERT_CALL_CHANGES, "TrustShown",
                                  g_variant_new ("(sss)", site, divert_view_string (learned, "uuid"),
                                                 divert_view_string (learned, "digest")),
                                  G_VARIANT_TYPE_UNIT, &error);
      if (reply)
        break;
      if (!divert_client_error_is (error, DIVERT_DBUS_ERROR_CHANGED))
        return divert_client_report (error);
      /* Nothing was written. Show what is there now, and ask again. */
      divert_command_complain (_("the network has changed since it was shown"));
      if (yes && looks == MAX_LOOKS)
        return DIVERT_EXIT_FAILED;
    }
  g_print (_("'%s' is a site now. 'nm-divert status' shows its proofs.\n"), site);
  return DIVERT_EXIT_DONE;
}

DivertExitCode
divert_cmd_trust (const DivertCommand *command,
                  char               **arguments)
{
  g_autofree char *connection = NULL;
  gboolean yes = FALSE, internet = FALSE, dns = FALSE;
  const char *direct[3] = { NULL };
  const GOptionEntry entries[] = {
    { "connection", 0, 0, G_OPTION_ARG_FILENAME, &connection, N_("Which active connection, when there are several"),
      N_("ID|UUID") },
    { "internet-direct", 0, 0, G_OPTION_ARG_NONE, &internet,
      N_("Let everything go direct there, not the intranet alone"), NULL },
    { "dns-direct", 0, 0, G_OPTION_ARG_NONE, &dns, N_("Let DNS go direct there, too"), NULL },
    { "yes", 0, 0, G_OPTION_ARG_NONE, &yes, N_("Do not ask"), NULL },
    { 0 },
  };
  g_auto(GStrv) rest = divert_command_parse (command, entries,
                                             N_("Run it while at that place. It learns the connection's UUID, "
                                                "the networks on the link\n"
                                                "and the gateway's MAC address. SITE is 'home' unless given."),
                                             0, 1, arguments);
  g_autoptr(GDBusConnection) bus = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *uuid = NULL;
  const char *site;

  if (!rest)
    return DIVERT_EXIT_USAGE;
  site = rest[0] ? rest[0] : DEFAULT_SITE;
  if (!divert_site_name_is_valid (site))
    {
      g_autofree char *shown = divert_escape (site);

      return divert_command_misuse (command, _("not a site's name: '%s'"), shown);
    }
  if (!yes && !isatty (STDIN_FILENO))
    return divert_command_misuse (command, _("nobody to ask (the standard input is no terminal): say --yes"));

  bus = divert_client_connect (&error);
  if (!bus)
    return divert_client_report (error);
  uuid = connection ? divert_profiles_find_uuid (bus, connection, &error) : g_strdup ("");
  if (!uuid)
    {
      divert_command_complain ("%s", error->message);
      return DIVERT_EXIT_FAILED;
    }
  direct[0] = internet ? "internet" : dns ? "dns" : NULL;
  direct[1] = internet && dns ? "dns" : NULL;
  return trust (bus, site, uuid, direct, yes);
}
