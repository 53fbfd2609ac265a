/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: which files make up the configuration, and in which order they are read.
 *
 * There are two places: the vendor's, which belongs to the package, and the administrator's.  The drop-ins of both are
 * one list, sorted by name.  If both places have a file of the same name, the administrator's is read instead of the
 * vendor's.
 */
#include "config-files-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>

#include "core/words/escape.h"

#define MAIN_FILE "nm-divert.conf"
#define DROP_INS "conf.d"
#define SUFFIX ".conf"

/* A drop-in as it would be, instead of what is on disk. */
typedef struct
{
  const char *name;
  const char *text; /* NULL: it would be removed */
} Candidate;

typedef struct
{
  const char *path;
  DIR        *stream; /* NULL: does not exist */
  char       *drop_ins_path;
  DIR        *drop_ins;
} Place;

/* The later one has precedence. */
enum
{
  VENDOR,
  ADMINISTRATOR,
  N_PLACES,
};

typedef struct
{
  char        *name;
  const Place *place;
  const char  *text; /* the candidate's; NULL: it is on disk */
} Entry;

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->name);
  g_free (entry);
}

/* Skips what editors and package managers leave behind. */
static gboolean
is_wanted (const char *name)
{
  return name[0] != '.' && g_str_has_suffix (name, SUFFIX) && strchr (name, '~') == NULL;
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  const Entry *const *one = a;
  const Entry *const *other = b;

  return strcmp ((*one)->name, (*other)->name);
}

static gboolean
has_name (const GPtrArray *entries,
          guint            n,
          const char      *name)
{
  for (guint i = 0; i < n; i++)
    {
      const Entry *entry = g_ptr_array_index (entries, i);

      if (g_str_equal (entry->name, name))
        return TRUE;
    }
  return FALSE;
}

static void
add_entry (GPtrArray   *entries,
           const Place *place,
           const char  *name,
           const char  *text)
{
  Entry *entry = g_new (Entry, 1);

  entry->name = g_strdup (name);
  entry->place = place;
  entry->text = text;
  g_ptr_array_add (entries, entry);
}

static gboolean
check_number (const GPtrArray  *entries,
              const Place      *place,
              GError          **error)
{
  g_autofree char *file = NULL;

  if (entries->len < DIVERT_CONFIG_MAX_FILES)
    return TRUE;
  file = divert_escape_up_to (place->drop_ins_path, PATH_MAX);
  g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_LIMIT, _("%s: too many files, at most: '%u'"), file,
               DIVERT_CONFIG_MAX_FILES - 1);
  return FALSE;
}

/* Adds the wanted names in @place that a place of precedence doesn't have, and not @but. */
static gboolean
add_place (GPtrArray    *entries,
           const Place  *place,
           const char   *but,
           GError      **error)
{
  const guint n_before = entries->len;
  const struct dirent *found;

  while (errno = 0, place->drop_ins != NULL && (found = readdir (place->drop_ins)) != NULL)
    {
      if (!is_wanted (found->d_name) || g_strcmp0 (found->d_name, but) == 0 ||
          has_name (entries, n_before, found->d_name))
        continue;
      add_entry (entries, place, found->d_name, NULL);
      if (!check_number (entries, place, error))
        return FALSE;
    }
  return errno == 0 || divert_config_file_refuse (place->drop_ins_path, errno, error);
}

/* The drop-ins of all places, sorted.  The candidate is one of the administrator's. */
static GPtrArray *
list_drop_ins (const Place       places[N_PLACES],
               const Candidate  *candidate,
               GError          **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func (entry_free);

  if (candidate != NULL && candidate->text != NULL)
    add_entry (entries, &places[ADMINISTRATOR], candidate->name, candidate->text);
  for (guint i = N_PLACES; i-- > 0;)
    if (!add_place (entries, &places[i], i == ADMINISTRATOR && candidate != NULL ? candidate->name : NULL, error))
      return NULL;
  g_ptr_array_sort (entries, compare_entries);
  return g_steal_pointer (&entries);
}

static gboolean
add_drop_ins (DivertConfig     *config,
              const Place       places[N_PLACES],
              gboolean          strict,
              const Candidate  *candidate,
              GError          **error)
{
  g_autoptr(GPtrArray) entries = list_drop_ins (places, candidate, error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (entries, i);
      g_autofree char *file = g_build_filename (entry->place->drop_ins_path, entry->name, NULL);

      if (entry->text != NULL ? !divert_config_add (config, file, entry->text, strlen (entry->text), error)
                              : !divert_config_file_add (config, dirfd (entry->place->drop_ins), entry->name, file,
                                                         strict, NULL, error))
        return FALSE;
    }
  return entries != NULL;
}

/* Only one main file is read, that of the place with precedence. */
static gboolean
add_main_file (DivertConfig  *config,
               const Place    places[N_PLACES],
               gboolean       strict,
               GError       **error)
{
  for (guint i = N_PLACES; i-- > 0;)
    {
      g_autofree char *file = g_build_filename (places[i].path, MAIN_FILE, NULL);
      gboolean missing;

      if (places[i].stream == NULL)
        continue;
      if (!divert_config_file_add (config, dirfd (places[i].stream), MAIN_FILE, file, strict, &missing, error))
        return FALSE;
      if (!missing)
        break;
    }
  return TRUE;
}

static gboolean
open_place (Place       *place,
            const char  *directory,
            gboolean     strict,
            GError     **error)
{
  g_autoptr(GError) local_error = NULL;

  place->path = directory;
  place->drop_ins_path = g_build_filename (directory, DROP_INS, NULL);
  place->stream = divert_config_file_open_directory (AT_FDCWD, directory, directory, strict, &local_error);
  if (place->stream != NULL)
    place->drop_ins = divert_config_file_open_directory (dirfd (place->stream), DROP_INS, place->drop_ins_path, strict,
                                                         &local_error);
  if (local_error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static void
close_place (Place *place)
{
  g_clear_pointer (&place->stream, closedir);
  g_clear_pointer (&place->drop_ins, closedir);
  g_free (place->drop_ins_path);
}

static DivertConfig *
load (const char       *vendor,
      const char       *directory,
      gboolean          strict,
      const Candidate  *candidate,
      GError          **error)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  Place places[N_PLACES] = { 0 };
  gboolean done;

  done = open_place (&places[VENDOR], vendor, strict, error) &&
         open_place (&places[ADMINISTRATOR], directory, strict, error) &&
         add_main_file (config, places, strict, error) && add_drop_ins (config, places, strict, candidate, error) &&
         divert_config_finish (config, error);
  for (guint i = 0; i < N_PLACES; i++)
    close_place (&places[i]);
  return done ? g_steal_pointer (&config) : NULL;
}

DivertConfig *
divert_config_files_load (const char  *vendor,
                          const char  *directory,
                          gboolean     strict,
                          GError     **error)
{
  return load (vendor, directory, strict, NULL, error);
}

gboolean
divert_config_files_check_with (const char  *vendor,
                                const char  *directory,
                                const char  *name,
                                const char  *text,
                                GError     **error)
{
  const Candidate candidate = { name, text };
  g_autoptr(DivertConfig) config = load (vendor, directory, TRUE, &candidate, error);

  return config != NULL;
}

DivertConfig *
divert_config_files_load_one (const char  *file,
                              gboolean     strict,
                              GError     **error)
{
  g_autoptr(DivertConfig) config = divert_config_new ();

  if (!divert_config_file_add (config, AT_FDCWD, file, file, strict, NULL, error) ||
      !divert_config_finish (config, error))
    return NULL;
  return g_steal_pointer (&config);
}
