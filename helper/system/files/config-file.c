/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading one file of the configuration, and refusing it if anybody but root could have written it.
 *
 * The checks are made on the opened file (fstat), and the name is never used again.  A file that is
 * swapped in between is simply another file, which gets its own check.
 */
#include "config-files-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/words/escape.h"

static gboolean
refuse (const char  *path,
        const char  *problem,
        const char  *value,
        GError     **error)
{
  g_autofree char *file = divert_escape_up_to (path, PATH_MAX);
  g_autofree char *shown = divert_escape (value);

  g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_FILE, "%s: %s: '%s'", file, problem, shown);
  return FALSE;
}

gboolean
divert_config_file_refuse (const char  *path,
                           int          failure,
                           GError     **error)
{
  return refuse (path, _("cannot be read"), g_strerror (failure), error);
}

/* Root must own it, and nobody else may write to it. */
static gboolean
check_owner (const char         *path,
             const struct stat  *st,
             GError            **error)
{
  g_autofree char *found = NULL;

  if (st->st_uid != 0)
    {
      found = g_strdup_printf ("%u", st->st_uid);
      return refuse (path, _("must belong to root, but belongs to user"), found, error);
    }
  if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
    {
      found = g_strdup_printf ("%04o", st->st_mode & 07777);
      return refuse (path, _("can be written by others than root, its mode is"), found, error);
    }
  return TRUE;
}

/* One byte over the limit is enough for divert_config_add() to refuse the file. */
static char *
read_all (int          fd,
          const char  *path,
          gsize       *ret_length,
          GError     **error)
{
  g_autofree char *text = g_malloc (DIVERT_CONFIG_MAX_FILE_BYTES + 1);
  gsize length = 0;

  while (length < DIVERT_CONFIG_MAX_FILE_BYTES + 1)
    {
      gssize n = read (fd, text + length, DIVERT_CONFIG_MAX_FILE_BYTES + 1 - length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          divert_config_file_refuse (path, errno, error);
          return NULL;
        }
      if (n == 0)
        break;
      length += n;
    }
  *ret_length = length;
  return g_steal_pointer (&text);
}

/* A link to /dev/null is how an administrator switches off a vendor's file. */
static gboolean
is_dev_null (const struct stat *st)
{
  return S_ISCHR (st->st_mode) && st->st_rdev == makedev (1, 3);
}

static gboolean
add_file (DivertConfig  *config,
          const char    *path,
          int            fd,
          gboolean       strict,
          GError       **error)
{
  g_autofree char *text = NULL;
  struct stat st;
  gsize length;

  if (fstat (fd, &st) != 0)
    return divert_config_file_refuse (path, errno, error);
  if (is_dev_null (&st))
    return TRUE;
  if (!S_ISREG (st.st_mode))
    return refuse (path, _("not a regular file"), S_ISDIR (st.st_mode) ? _("directory") : _("special file"), error);
  if (strict && !check_owner (path, &st, error))
    return FALSE;
  text = read_all (fd, path, &length, error);
  return text != NULL && divert_config_add (config, path, text, length, error);
}

/* O_NONBLOCK, because a FIFO must not block us. */
gboolean
divert_config_file_add (DivertConfig  *config,
                        int            at,
                        const char    *name,
                        const char    *path,
                        gboolean       strict,
                        gboolean      *ret_missing,
                        GError       **error)
{
  int fd = openat (at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  gboolean done;

  if (fd < 0)
    {
      if (ret_missing == NULL || errno != ENOENT)
        return divert_config_file_refuse (path, errno, error);
      *ret_missing = TRUE;
      return TRUE;
    }
  done = add_file (config, path, fd, strict, error);
  close (fd);
  if (done && ret_missing != NULL)
    *ret_missing = FALSE;
  return done;
}

DIR *
divert_config_file_open_directory (int          at,
                                   const char  *name,
                                   const char  *path,
                                   gboolean     strict,
                                   GError     **error)
{
  g_autoptr(DivertDirectory) stream = NULL;
  int fd = openat (at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat st;

  if (fd >= 0)
    {
      stream = fdopendir (fd);
      if (stream == NULL)
        close (fd);
    }
  if (stream == NULL || fstat (fd, &st) != 0)
    {
      if (errno != ENOENT)
        divert_config_file_refuse (path, errno, error);
      return NULL;
    }
  if (strict && !check_owner (path, &st, error))
    return NULL;
  return g_steal_pointer (&stream);
}
