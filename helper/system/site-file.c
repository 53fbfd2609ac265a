/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the files that "trust" writes.
 *
 * The first line tells them from a person's own, which are never touched.  A new
 * version is written beside the old one, under a name that the configuration's
 * reader passes over, and then takes its place.
 */
#include "site-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DROP_INS "conf.d"
#define MARKER "# Written by 'nm-divert trust', and written again by it. To keep it as you want it, delete this line.\n"

G_DEFINE_QUARK (divert-site-file-error-quark, divert_site_file_error)

static gboolean
fail (const char *problem,
      const char *path,
      GError    **error)
{
  g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_WRITE, "%s: '%s': %s", problem, path, g_strerror (errno));
  return FALSE;
}

char *
divert_site_file_get_path (const char *config_dir,
                           const char *site)
{
  g_autofree char *name = g_strconcat (site, ".conf", NULL);

  return g_build_filename (config_dir, DROP_INS, name, NULL);
}

/* Does the open file begin with our line?  A link or a FIFO is a person's own in any case. */
static gboolean
has_marker (int fd)
{
  char start[sizeof MARKER - 1];
  struct stat st;

  return fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && read (fd, start, sizeof start) == (gssize) sizeof start &&
         memcmp (start, MARKER, sizeof start) == 0;
}

/* May we replace or remove what is at @path?  TRUE too if there is nothing. */
static gboolean
check_ours (const char *path,
            GError    **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  gboolean ours;

  if (fd < 0 && errno == ENOENT)
    return TRUE;
  if (fd < 0 && errno != ELOOP)
    return fail (_("cannot be read"), path, error);

  ours = fd >= 0 && has_marker (fd);
  if (fd >= 0)
    close (fd);
  if (!ours)
    g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_BY_HAND, _("written by hand, so it is not changed: '%s'"),
                 path);
  return ours;
}

static gboolean
check_place (const DivertSite *existing,
             const char       *path,
             GError          **error)
{
  if (existing == NULL || g_strcmp0 (existing->file, path) == 0)
    return TRUE;
  g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_BY_HAND, _("the site is defined by hand, so it is not changed: '%s'"),
               existing->file);
  return FALSE;
}

static gboolean
write_all (int         fd,
           const char *text,
           gsize       length)
{
  while (length > 0)
    {
      gssize n = write (fd, text, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      text += n;
      length -= n;
    }
  return TRUE;
}

/* fchmod, because the umask is the service's.  fsync, because the rename must not be on the disk before the text. */
static gboolean
fill (int         fd,
      const char *text)
{
  return fchmod (fd, 0644) == 0 && write_all (fd, MARKER, strlen (MARKER)) && write_all (fd, text, strlen (text)) && fsync (fd) == 0;
}

static gboolean
replace (const char *path,
         const char *text,
         GError    **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *temporary = g_strconcat (directory, "/.new-XXXXXX", NULL);
  int fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0600);
  gboolean done;

  if (fd < 0)
    return fail (_("cannot be written"), path, error);

  done = fill (fd, text) && g_rename (temporary, path) == 0;
  if (!done)
    {
      fail (_("cannot be written"), path, error);
      g_unlink (temporary);
    }
  close (fd);
  return done;
}

static gboolean
make_directory (const char *path,
                GError    **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  if (g_mkdir_with_parents (directory, 0755) != 0)
    return fail (_("cannot be made"), directory, error);
  return TRUE;
}

gboolean
divert_site_file_write (const char       *config_dir,
                        const char       *site,
                        const DivertSite *existing,
                        const char       *text,
                        GError          **error)
{
  g_autofree char *path = divert_site_file_get_path (config_dir, site);

  return check_place (existing, path, error) && check_ours (path, error) && make_directory (path, error) &&
         replace (path, text, error);
}

gboolean
divert_site_file_remove (const char       *config_dir,
                         const DivertSite *existing,
                         GError          **error)
{
  g_autofree char *path = divert_site_file_get_path (config_dir, existing->name);

  if (!check_place (existing, path, error) || !check_ours (path, error))
    return FALSE;
  if (g_unlink (path) == 0)
    return TRUE;
  if (errno != ENOENT)
    return fail (_("cannot be removed"), path, error);
  g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_NONE, _("no such file: '%s'"), path);
  return FALSE;
}
