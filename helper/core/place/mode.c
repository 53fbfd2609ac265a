/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the mode, its form on disk, and durations as people type them.
 */
#include "mode.h"

#include "core/config/config.h"

#define GROUP "mode"
#define KEY_MODE "mode"
#define KEY_EXPIRES "expires"
#define KEY_NETWORK "network"

#define SECONDS_MAX (365 * 24 * 60 * 60)

static const char *const names[] = {
  [DIVERT_MODE_AUTO] = "auto",
  [DIVERT_MODE_AWAY] = "away",
  [DIVERT_MODE_OFF] = "off",
};
G_STATIC_ASSERT (G_N_ELEMENTS (names) == DIVERT_MODE_SITE);

DivertMode *
divert_mode_new (DivertModeKind  kind,
                 const char     *site)
{
  DivertMode *mode = g_new0 (DivertMode, 1);

  mode->kind = kind;
  mode->site = g_strdup (kind == DIVERT_MODE_SITE ? site : NULL);
  return mode;
}

DivertMode *
divert_mode_parse (const char *text)
{
  for (guint kind = 0; kind < G_N_ELEMENTS (names); kind++)
    if (g_str_equal (text, names[kind]))
      return divert_mode_new (kind, NULL);
  return divert_site_name_is_valid (text) ? divert_mode_new (DIVERT_MODE_SITE, text) : NULL;
}

DivertMode *
divert_mode_copy (const DivertMode *mode)
{
  DivertMode *copy = divert_mode_new (mode->kind, mode->site);

  copy->expires = mode->expires;
  copy->network = g_strdup (mode->network);
  return copy;
}

void
divert_mode_free (DivertMode *mode)
{
  if (mode == NULL)
    return;
  g_free (mode->site);
  g_free (mode->network);
  g_free (mode);
}

gboolean
divert_mode_equal (const DivertMode *a,
                   const DivertMode *b)
{
  return a->kind == b->kind && a->expires == b->expires && g_strcmp0 (a->site, b->site) == 0 &&
         g_strcmp0 (a->network, b->network) == 0;
}

const char *
divert_mode_get_name (const DivertMode *mode)
{
  return mode->kind == DIVERT_MODE_SITE ? mode->site : names[mode->kind];
}

gboolean
divert_mode_is_over (const DivertMode *mode,
                     guint64           now,
                     const char       *network)
{
  if (mode->expires != 0 && now >= mode->expires)
    return TRUE;
  return mode->network != NULL && network != NULL && !g_str_equal (mode->network, network);
}

char *
divert_mode_to_text (const DivertMode *mode)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();

  g_key_file_set_string (file, GROUP, KEY_MODE, divert_mode_get_name (mode));
  if (mode->expires != 0)
    g_key_file_set_uint64 (file, GROUP, KEY_EXPIRES, mode->expires);
  if (mode->network != NULL)
    g_key_file_set_string (file, GROUP, KEY_NETWORK, mode->network);
  return g_key_file_to_data (file, NULL, NULL);
}

/* Strict: a limit that is not understood must not become "without limit". */
DivertMode *
divert_mode_from_text (const char *text,
                       gsize       length)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(DivertMode) mode = NULL;
  g_auto(GStrv) keys = NULL;
  g_autofree char *name = NULL;

  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, NULL))
    return NULL;
  name = g_key_file_get_string (file, GROUP, KEY_MODE, NULL);
  if (name == NULL)
    return NULL;
  mode = divert_mode_parse (name);
  keys = g_key_file_get_keys (file, GROUP, NULL, NULL);
  for (char **key = keys; mode != NULL && *key != NULL; key++)
    {
      g_autofree char *value = g_key_file_get_string (file, GROUP, *key, NULL);

      if (value == NULL)
        return NULL;
      /* A key that is given twice is listed twice. */
      if (g_str_equal (*key, KEY_EXPIRES) && mode->expires == 0)
        {
          if (!g_ascii_string_to_unsigned (value, 10, 1, G_MAXUINT64, &mode->expires, NULL))
            return NULL;
        }
      else if (g_str_equal (*key, KEY_NETWORK) && mode->network == NULL)
        mode->network = g_steal_pointer (&value);
      else if (!g_str_equal (*key, KEY_MODE))
        return NULL;
    }
  return g_steal_pointer (&mode);
}

/* Cuts a number and its unit from the front of *@text. */
static gboolean
parse_part (const char **text,
            gsize       *unit,
            guint64     *ret_seconds)
{
  static const struct
  {
    char    name;
    guint64 seconds;
  } units[] = { { 'd', 24 * 60 * 60 }, { 'h', 60 * 60 }, { 'm', 60 }, { 's', 1 } };
  const char *p = *text;
  guint64 number = 0;

  if (!g_ascii_isdigit (*p))
    return FALSE;
  for (; g_ascii_isdigit (*p); p++)
    {
      number = number * 10 + g_ascii_digit_value (*p);
      if (number > SECONDS_MAX)
        return FALSE;
    }
  /* Each unit once, the largest first. */
  while (*unit < G_N_ELEMENTS (units) && units[*unit].name != *p)
    (*unit)++;
  if (*unit == G_N_ELEMENTS (units))
    return FALSE;
  *ret_seconds = number * units[(*unit)++].seconds;
  *text = p + 1;
  return TRUE;
}

gboolean
divert_duration_parse (const char *text,
                       guint64    *ret_seconds)
{
  guint64 total = 0, part;
  gsize unit = 0;

  if (g_ascii_string_to_unsigned (text, 10, 1, SECONDS_MAX, ret_seconds, NULL))
    return TRUE;
  do
    {
      if (!parse_part (&text, &unit, &part))
        return FALSE;
      total += part;
    }
  while (*text != '\0' && total <= SECONDS_MAX);

  if (total == 0 || total > SECONDS_MAX)
    return FALSE;
  *ret_seconds = total;
  return TRUE;
}
