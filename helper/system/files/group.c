/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: looking up the proxy's group.
 */
#include "group.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <grp.h>

#include "core/config/config.h"
#include "core/words/escape.h"

/* A group with many members needs much room, but a broken NSS module must not use up all memory. */
#define BUFFER_MIN 4096
#define BUFFER_MAX (1024 * 1024)

static gboolean
refuse (const char  *problem,
        const char  *name,
        GError     **error)
{
  g_autofree char *shown = divert_escape (name);

  g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_VALUE, "[proxy] group: %s: '%s'", problem, shown);
  return FALSE;
}

static gboolean
look_up_name (const char  *name,
              guint32     *ret_gid,
              GError     **error)
{
  for (gsize size = BUFFER_MIN; size <= BUFFER_MAX; size *= 2)
    {
      g_autofree char *buffer = g_malloc (size);
      struct group group, *found = NULL;
      int failure;

      do
        failure = getgrnam_r (name, &group, buffer, size, &found);
      while (failure == EINTR);
      if (failure == ERANGE)
        continue;
      if (found == NULL)
        break; /* unknown; some modules report that as an error */
      *ret_gid = found->gr_gid;
      return TRUE;
    }
  return refuse (_("no such group"), name, error);
}

static gboolean
is_number (const char *text)
{
  const char *p = text;

  while (g_ascii_isdigit (*p))
    p++;
  return p != text && *p == '\0';
}

gboolean
divert_group_lookup (const char  *name,
                     guint32     *ret_gid,
                     GError     **error)
{
  guint32 gid = 0;

  if (is_number (name))
    {
      guint64 number;

      /* The largest value is (gid_t) -1, which means "no group". */
      if (!g_ascii_string_to_unsigned (name, 10, 0, G_MAXUINT32 - 1, &number, NULL))
        return refuse (_("no such group"), name, error);
      gid = number;
    }
  else if (!look_up_name (name, &gid, error))
    return FALSE;

  if (gid == 0)
    return refuse (_("root's group: everything that root sends would go past the proxy"), name, error);
  *ret_gid = gid;
  return TRUE;
}
