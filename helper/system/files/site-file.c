/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the files that "trust" writes.
 *
 * Their first line tells them from a person's own files, which are never touched.  A new version is
 * written next to the old one, under a name that the configuration's reader skips, and then
 * replaces it.  Before that, the new version is read together with all other files, because a
 * person may have changed those in the meantime.  If the result were invalid, nobody would notice
 * before the next boot, and then there are no earlier rules to fall back on.
 */
#include "site-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config-files.h"
#include "divert-config.h"

#define DROP_INS "conf.d"
#define MARKER "# Written by 'nm-divert trust', and written again by it. To keep it as you want it, delete this line.\n"

G_DEFINE_QUARK (divert-site-file-error-quark, divert_site_file_error)

static gboolean
fail (const char *problem,
      const char *path,
      GError    **error)
{
  g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_WRITE, "%s: '%s': %s", problem, path,
               g_strerror (errno));
  return FALSE;
}

static char *
get_name (const char *site)
{
  return g_strconcat (site, ".conf", NULL);
}

char *
divert_site_file_get_path (const char *config_dir,
                           const char *site)
{
  g_autofree char *name = get_name (site);

  return g_build_filename (config_dir, DROP_INS, name, NULL);
}

/* Does the open file begin with our line?  A symbolic link or a FIFO is always a person's own. */
static gboolean
has_marker (int fd)
{
  char start[sizeof MARKER - 1];
  struct stat st;

  return fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && read (fd, start, sizeof start) == (gssize) sizeof start &&
         memcmp (start, MARKER, sizeof start) == 0;
}

/* NULL: there is no file.  The caller knows that it is ours. */
static gboolean
read_ours (const char  *path,
           char       **ret_text,
           GError     **error)
{
  g_autofree char *text = NULL;
  g_autoptr(GError) local_error = NULL;

  if (!g_file_get_contents (path, &text, NULL, &local_error) &&
      !g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_WRITE, "%s: %s", _("cannot be read"),
                   local_error->message);
      return FALSE;
    }
  *ret_text = g_steal_pointer (&text);
  return TRUE;
}

/* May we replace or remove what is at @path?  Also TRUE if there is nothing. */
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
    g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_BY_HAND,
                 _("written by hand, so it is not changed: '%s'"), path);
  return ours;
}

static gboolean
check_place (const DivertSite *existing,
             const char       *path,
             GError          **error)
{
  if (existing == NULL || g_strcmp0 (existing->file, path) == 0)
    return TRUE;
  g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_BY_HAND,
               _("the site is defined by hand, so it is not changed: '%s'"), existing->file);
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

/* Whoever hears that a network is forgotten must not find it trusted again after a power cut.  If the file system can't
 * do that, nothing more can be done. */
static void
sync_directory (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  const int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

/* fchmod, because the umask is the service's.  fsync, because the rename must not reach the disk before the text. */
static gboolean
fill (int         fd,
      const char *text)
{
  return fchmod (fd, 0644) == 0 && write_all (fd, text, strlen (text)) && fsync (fd) == 0;
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
  if (done)
    sync_directory (path);
  else
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

/* May the site's file be changed to @text, or removed? */
static gboolean
check (const char        *config_dir,
       const char        *site,
       const DivertSite  *existing,
       const char        *text,
       char             **ret_previous,
       GError           **error)
{
  g_autofree char *path = divert_site_file_get_path (config_dir, site);
  g_autofree char *name = get_name (site);

  return check_place (existing, path, error) && check_ours (path, error) &&
         divert_config_files_check_with (DIVERT_VENDOR_DIR, config_dir, name, text, error) &&
         read_ours (path, ret_previous, error);
}

gboolean
divert_site_file_write (const char        *config_dir,
                        const char        *site,
                        const DivertSite  *existing,
                        const char        *text,
                        char             **ret_previous,
                        GError           **error)
{
  g_autofree char *path = divert_site_file_get_path (config_dir, site);
  g_autofree char *whole = g_strconcat (MARKER, text, NULL);
  g_autofree char *previous = NULL;

  if (!check (config_dir, site, existing, whole, &previous, error) || !make_directory (path, error) ||
      !replace (path, whole, error))
    return FALSE;
  *ret_previous = g_steal_pointer (&previous);
  return TRUE;
}

static gboolean
unlink_file (const char *path,
             GError    **error)
{
  if (g_unlink (path) == 0)
    {
      sync_directory (path);
      return TRUE;
    }
  if (errno != ENOENT)
    return fail (_("cannot be removed"), path, error);
  g_set_error (error, DIVERT_SITE_FILE_ERROR, DIVERT_SITE_FILE_ERROR_NONE, _("no such file: '%s'"), path);
  return FALSE;
}

gboolean
divert_site_file_remove (const char        *config_dir,
                         const DivertSite  *existing,
                         char             **ret_previous,
                         GError           **error)
{
  g_autofree char *path = divert_site_file_get_path (config_dir, existing->name);
  g_autofree char *previous = NULL;

  if (!check (config_dir, existing->name, existing, NULL, &previous, error) || !unlink_file (path, error))
    return FALSE;
  *ret_previous = g_steal_pointer (&previous);
  return TRUE;
}

gboolean
divert_site_file_restore (const char  *config_dir,
                          const char  *site,
                          const char  *previous,
                          GError     **error)
{
  g_autofree char *path = divert_site_file_get_path (config_dir, site);

  return previous != NULL ? replace (path, previous, error) : unlink_file (path, error);
}
