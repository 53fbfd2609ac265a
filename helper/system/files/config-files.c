/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the configuration's files, and refusing those that anybody but root could have
 * written.
 *
 * The checks are made on the opened file (fstat), and the name is never used again.  A file that is
 * swapped in between is simply another file, which gets its own check.
 */
#include "config-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/words/escape.h"

#define MAIN_FILE "nm-divert.conf"
#define DROP_INS "conf.d"
#define SUFFIX ".conf"

typedef DIR Directory;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Directory, closedir)

/* A drop-in as it would be, instead of what is on disk. */
typedef struct
{
  const char *name;
  const char *text; /* NULL: it would be removed */
} Candidate;

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

static gboolean
refuse_errno (const char  *path,
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
          refuse_errno (path, errno, error);
          return NULL;
        }
      if (n == 0)
        break;
      length += n;
    }
  *ret_length = length;
  return g_steal_pointer (&text);
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
    return refuse_errno (path, errno, error);
  if (!S_ISREG (st.st_mode))
    return refuse (path, _("not a regular file"), S_ISDIR (st.st_mode) ? _("directory") : _("special file"), error);
  if (strict && !check_owner (path, &st, error))
    return FALSE;
  text = read_all (fd, path, &length, error);
  return text != NULL && divert_config_add (config, path, text, length, error);
}

/* Opens @name in directory @at and adds it.  O_NONBLOCK, because a FIFO must not block us.  Follows a
 * symbolic link; what matters is who owns the file behind it. */
static gboolean
add_named (DivertConfig  *config,
           int            at,
           const char    *name,
           const char    *path,
           gboolean       strict,
           gboolean       may_be_missing,
           GError       **error)
{
  int fd = openat (at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  gboolean done;

  if (fd < 0)
    return (may_be_missing && errno == ENOENT) || refuse_errno (path, errno, error);
  done = add_file (config, path, fd, strict, error);
  close (fd);
  return done;
}

/* Skips what editors and package managers leave behind. */
static gboolean
is_wanted (const char *name)
{
  return name[0] != '.' && g_str_has_suffix (name, SUFFIX) && strchr (name, '~') == NULL;
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
add_name (GPtrArray   *names,
          const char  *name,
          const char  *path,
          GError     **error)
{
  g_autofree char *file = NULL;

  g_ptr_array_add (names, g_strdup (name));
  if (names->len < DIVERT_CONFIG_MAX_FILES)
    return TRUE;
  file = divert_escape_up_to (path, PATH_MAX);
  g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_LIMIT, _("%s: too many files, at most: '%u'"), file,
               DIVERT_CONFIG_MAX_FILES - 1);
  return FALSE;
}

static gboolean
is_candidate (const Candidate *candidate,
              const char      *name)
{
  return candidate != NULL && g_str_equal (candidate->name, name);
}

/* The wanted names in @stream (which may be NULL) and that of the candidate, sorted. */
static GPtrArray *
list_names (DIR              *stream,
            const char       *path,
            const Candidate  *candidate,
            GError          **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const struct dirent *entry;

  if (candidate != NULL && candidate->text != NULL)
    g_ptr_array_add (names, g_strdup (candidate->name));
  while (errno = 0, stream != NULL && (entry = readdir (stream)) != NULL)
    if (is_wanted (entry->d_name) && !is_candidate (candidate, entry->d_name) &&
        !add_name (names, entry->d_name, path, error))
      return NULL;
  if (errno != 0)
    {
      refuse_errno (path, errno, error);
      return NULL;
    }
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* Opens directory @name in @at.  NULL without @error if there is none. */
static DIR *
open_directory (int          at,
                const char  *name,
                const char  *path,
                gboolean     strict,
                GError     **error)
{
  g_autoptr(Directory) stream = NULL;
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
        refuse_errno (path, errno, error);
      return NULL;
    }
  if (strict && !check_owner (path, &st, error))
    return NULL;
  return g_steal_pointer (&stream);
}

/* @parent: "/etc/nm-divert", or NULL if it does not exist. */
static gboolean
add_drop_ins (DivertConfig     *config,
              DIR              *parent,
              const char       *directory,
              gboolean          strict,
              const Candidate  *candidate,
              GError          **error)
{
  g_autofree char *path = g_build_filename (directory, DROP_INS, NULL);
  g_autoptr(GError) local_error = NULL;
  g_autoptr(Directory) stream = parent != NULL ? open_directory (dirfd (parent), DROP_INS, path, strict, &local_error)
                                               : NULL;
  g_autoptr(GPtrArray) names = NULL;

  if (local_error == NULL)
    names = list_names (stream, path, candidate, &local_error);
  for (guint i = 0; names != NULL && i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (is_candidate (candidate, name) ? !divert_config_add (config, file, candidate->text, strlen (candidate->text),
                                                               error)
                                         : !add_named (config, dirfd (stream), name, file, strict, FALSE, error))
        return FALSE;
    }
  if (local_error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static DivertConfig *
load (const char       *directory,
      gboolean          strict,
      const Candidate  *candidate,
      GError          **error)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(GError) local_error = NULL;
  g_autoptr(Directory) stream = open_directory (AT_FDCWD, directory, directory, strict, &local_error);
  g_autofree char *main_file = g_build_filename (directory, MAIN_FILE, NULL);

  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  if ((stream != NULL && !add_named (config, dirfd (stream), MAIN_FILE, main_file, strict, TRUE, error)) ||
      !add_drop_ins (config, stream, directory, strict, candidate, error))
    return NULL;
  return divert_config_finish (config, error) ? g_steal_pointer (&config) : NULL;
}

DivertConfig *
divert_config_files_load (const char  *directory,
                          gboolean     strict,
                          GError     **error)
{
  return load (directory, strict, NULL, error);
}

gboolean
divert_config_files_check_with (const char  *directory,
                                const char  *name,
                                const char  *text,
                                GError     **error)
{
  const Candidate candidate = { name, text };
  g_autoptr(DivertConfig) config = load (directory, TRUE, &candidate, error);

  return config != NULL;
}

DivertConfig *
divert_config_files_load_one (const char  *file,
                              gboolean     strict,
                              GError     **error)
{
  g_autoptr(DivertConfig) config = divert_config_new ();

  if (!add_named (config, AT_FDCWD, file, file, strict, FALSE, error) || !divert_config_finish (config, error))
    return NULL;
  return g_steal_pointer (&config);
}
