/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the mode, when it ends, its form on disk, and durations as people type them.
 *
 * A mode with an end lasts as long as a person asked for, whatever happens to the wall clock:
 * within the boot that set it, only the kernel's count of seconds decides.  After a reboot, nothing
 * but the wall clock has kept counting, and it may be off by years in either direction until
 * somebody sets it.  So it can end the mode but never extend it: no boot gives a mode more time
 * than it was given at first.  An implausibly late clock does not end "away", because that is the
 * safe mode; it ends the others.
 */
#include "mode.h"

#include "core/config/config.h"

#define GROUP "mode"
#define KEY_MODE "mode"
#define KEY_EXPIRES "expires"
#define KEY_BOOT "boot"
#define KEY_BOOT_END "boot-end"
#define KEY_LASTS "lasts"
#define KEY_NETWORK "network"

#define SECONDS_MAX (365 * 24 * 60 * 60)

/* Nobody sets a mode for this long, or comes back after this long and still wants it. */
#define IMPLAUSIBLE (guint64) SECONDS_MAX

/* Two readings of the clocks in whole seconds can differ by this much. */
#define ROUNDING 2

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
  copy->boot = g_strdup (mode->boot);
  copy->boot_end = mode->boot_end;
  copy->lasts = mode->lasts;
  copy->network = g_strdup (mode->network);
  return copy;
}

void
divert_mode_free (DivertMode *mode)
{
  if (mode == NULL)
    return;
  g_free (mode->site);
  g_free (mode->boot);
  g_free (mode->network);
  g_free (mode);
}

gboolean
divert_mode_equal (const DivertMode *a,
                   const DivertMode *b)
{
  return a->kind == b->kind && a->expires == b->expires && g_strcmp0 (a->boot, b->boot) == 0 &&
         a->boot_end == b->boot_end &&
         a->lasts == b->lasts && g_strcmp0 (a->site, b->site) == 0 && g_strcmp0 (a->network, b->network) == 0;
}

const char *
divert_mode_get_name (const DivertMode *mode)
{
  return mode->kind == DIVERT_MODE_SITE ? mode->site : names[mode->kind];
}

gboolean
divert_mode_has_end (const DivertMode *mode)
{
  return mode->expires != 0 || mode->network != NULL;
}

static guint64
until (guint64 end,
       guint64 now)
{
  return end > now ? end - now : 0;
}

void
divert_mode_set_end (DivertMode        *mode,
                     guint64            expires,
                     const DivertClock *now)
{
  gboolean counted = expires != 0 && now->boot != NULL;

  g_free (mode->boot);
  mode->expires = expires;
  mode->boot = counted ? g_strdup (now->boot) : NULL;
  mode->lasts = counted ? MAX (until (expires, now->wall), 1) : 0;
  /* Both clocks are read in whole seconds.  Add one, so that the mode does not end early. */
  mode->boot_end = counted ? now->uptime + mode->lasts + 1 : 0;
}

guint64
divert_mode_get_left (const DivertMode  *mode,
                      const DivertClock *now)
{
  guint64 in_this_boot = until (mode->lasts != 0 ? mode->lasts : SECONDS_MAX, now->uptime);

  if (mode->expires == 0)
    return G_MAXUINT64;
  if (mode->boot != NULL && g_strcmp0 (mode->boot, now->boot) == 0)
    return until (mode->boot_end, now->uptime);
  if (mode->kind == DIVERT_MODE_AWAY && now->wall > mode->expires && now->wall - mode->expires > IMPLAUSIBLE)
    return in_this_boot;
  return MIN (until (mode->expires, now->wall), in_this_boot);
}

gboolean
divert_mode_is_over (const DivertMode  *mode,
                     const DivertClock *now,
                     const char        *network)
{
  if (divert_mode_get_left (mode, now) == 0)
    return TRUE;
  return mode->network != NULL && network != NULL && !g_str_equal (mode->network, network);
}

/* As long as the wall clock has not been changed, the end that was asked for; a computed one would waver
 * by a second. */
guint64
divert_mode_get_expiry (const DivertMode  *mode,
                        const DivertClock *now)
{
  guint64 expiry;

  if (mode->expires == 0)
    return 0;
  expiry = now->wall + divert_mode_get_left (mode, now);
  return MAX (expiry, mode->expires) - MIN (expiry, mode->expires) <= ROUNDING ? mode->expires : expiry;
}

char *
divert_mode_to_text (const DivertMode *mode)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();

  g_key_file_set_string (file, GROUP, KEY_MODE, divert_mode_get_name (mode));
  if (mode->expires != 0)
    g_key_file_set_uint64 (file, GROUP, KEY_EXPIRES, mode->expires);
  if (mode->boot != NULL)
    {
      g_key_file_set_string (file, GROUP, KEY_BOOT, mode->boot);
      g_key_file_set_uint64 (file, GROUP, KEY_BOOT_END, mode->boot_end);
      g_key_file_set_uint64 (file, GROUP, KEY_LASTS, mode->lasts);
    }
  if (mode->network != NULL)
    g_key_file_set_string (file, GROUP, KEY_NETWORK, mode->network);
  return g_key_file_to_data (file, NULL, NULL);
}

/* A number other than 0, and only once. */
static gboolean
read_number (const char *value,
             guint64    *number)
{
  return *number == 0 && g_ascii_string_to_unsigned (value, 10, 1, G_MAXUINT64, number, NULL);
}

static gboolean
read_text (char **value,
           char **text)
{
  if (*text != NULL)
    return FALSE;
  *text = g_steal_pointer (value);
  return TRUE;
}

static gboolean
read_key (DivertMode  *mode,
          const char  *key,
          char       **value)
{
  if (g_str_equal (key, KEY_EXPIRES))
    return read_number (*value, &mode->expires);
  if (g_str_equal (key, KEY_BOOT_END))
    return read_number (*value, &mode->boot_end);
  if (g_str_equal (key, KEY_LASTS))
    return read_number (*value, &mode->lasts);
  if (g_str_equal (key, KEY_BOOT))
    return read_text (value, &mode->boot);
  if (g_str_equal (key, KEY_NETWORK))
    return read_text (value, &mode->network);
  return g_str_equal (key, KEY_MODE);
}

/* Are the keys of the end complete, as written by this version or by 0.1.0? */
static gboolean
is_end_whole (const DivertMode *mode)
{
  if (mode->boot == NULL)
    return mode->boot_end == 0 && mode->lasts == 0;
  return mode->expires != 0 && mode->boot_end != 0 && mode->lasts != 0;
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

      /* GKeyFile lists a key twice if it is given twice. */
      if (value == NULL || !read_key (mode, *key, &value))
        return NULL;
    }
  return mode != NULL && is_end_whole (mode) ? g_steal_pointer (&mode) : NULL;
}

/* Cuts a number and its unit off the front of *@text. */
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
  /* Each unit once, largest first. */
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
