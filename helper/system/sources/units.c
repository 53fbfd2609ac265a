/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: finding the control groups of units, and noticing that they come and go.
 *
 * Theory of operation. systemd makes a directory for a unit that starts, and removes it when the unit has ended. The
 * directory has the unit's name and is inside that of its slice. So we read the slices' directories, and inotify tells
 * when something is made or removed there, before the unit's program runs (K2.9). Asking systemd by D-Bus would take
 * longer.
 *
 * The system's service manager makes only slices, services and scopes, and whatever is below a service or a scope
 * belongs to the program there: a user's service manager, a container.  Such a program chooses names as it likes.  So
 * the proxy's unit is looked for in the system's slices only, where nobody but root makes directories.  An exempt unit
 * is also looked for in the slices of users' service managers, which is what it is for.
 *
 * Users can make as many directories as they like, as often as they like.  So each tree has limits, the system's is
 * read first, and what happens in the users' is heard at a pace.
 */
#include "units.h"

#include "system/base/cgroup.h"
#include "system/base/inotify.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define EVENTS (IN_CREATE | IN_DELETE | IN_MOVE | IN_ONLYDIR)

/* Of one tree: the system's, or a user's. */
#define MAX_DIRECTORIES_SYSTEM 512
#define MAX_DIRECTORIES_USER 64
#define MAX_USERS 64
#define MAX_NAMES 4096 /* in one directory */
#define MAX_NAMES_USER 8192 /* in all of a user's; they are mostly the kernel's files */
/* Each is one or two rules that everything new passes. */
#define MAX_UNITS 64

struct DivertUnits
{
  DivertUnitsChanged changed;
  gpointer           user_data;
  char              *own;     /* the proxy's unit; NULL: none */
  GStrv              exempt;
  DivertInotify     *system;  /* the system's directories; NULL: nothing is watched */
  DivertInotify     *users;   /* the users' ones; likewise */
  gboolean           stale;   /* something has changed since */
  const char        *root;    /* static; NULL: none */
  GPtrArray         *found;   /* DivertUnit */
};

/* One tree, while it is read. */
typedef struct
{
  DivertUnits *units;
  gboolean     is_system;
  guint        left;       /* directories that may still be read */
  guint        left_names; /* names in them */
  GPtrArray   *users;      /* paths of users' service managers; NULL: nobody wants to know */
} Tree;

static gboolean
is_exempt (const DivertUnits *units,
           const char        *name)
{
  return g_strv_contains ((const char *const *) units->exempt, name);
}

static gboolean
is_own (const DivertUnits *units,
        const char        *name,
        gboolean           is_system)
{
  return is_system && g_strcmp0 (units->own, name) == 0;
}

/* Could it change what we find? */
static gboolean
matters (const DivertUnits *units,
         const char        *name,
         gboolean           is_system)
{
  return is_own (units, name, is_system) || is_exempt (units, name) || divert_unit_is_slice (name) ||
         (is_system && units->exempt[0] != NULL && divert_unit_is_user_manager (name));
}

/* @name is a directory in the one at @path. */
static void
see_directory (Tree        *tree,
               GPtrArray   *deeper,
               int          parent,
               const char  *path,
               const char  *name)
{
  DivertUnits *units = tree->units;
  const char *unit = divert_unit_from_directory (name);
  g_autofree char *whole = NULL;
  struct stat status;

  if (!matters (units, unit, tree->is_system))
    return;
  whole = path[0] != '\0' ? g_strconcat (path, "/", name, NULL) : g_strdup (name);
  if (!divert_cgroup_path_is_valid (whole))
    return;
  if ((is_own (units, unit, tree->is_system) || is_exempt (units, unit)) && units->found->len < MAX_UNITS &&
      fstatat (parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
    g_ptr_array_add (units->found, divert_unit_new (whole, status.st_ino));
  if (divert_unit_is_slice (unit))
    g_ptr_array_add (deeper, g_steal_pointer (&whole));
  else if (tree->users != NULL && tree->users->len < MAX_USERS && divert_unit_is_user_manager (unit))
    g_ptr_array_add (tree->users, g_steal_pointer (&whole));
}

/* Watches before it reads, so that nothing is missed in between. */
static void
read_directory (Tree       *tree,
                GPtrArray  *deeper,
                const char *path)
{
  DivertUnits *units = tree->units;
  g_autofree char *full = g_build_filename (units->root, path, NULL);
  DIR *directory;
  const struct dirent *entry;

  divert_inotify_add (tree->is_system ? units->system : units->users, full, EVENTS);
  directory = opendir (full);
  if (directory == NULL)
    return;
  for (guint n = MIN (MAX_NAMES, tree->left_names); n > 0 && (entry = readdir (directory)) != NULL;
       n--, tree->left_names--)
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      see_directory (tree, deeper, dirfd (directory), path, entry->d_name);
  closedir (directory);
}

static void
read_tree (DivertUnits *units,
           const char  *top,
           gboolean     is_system,
           GPtrArray   *users)
{
  g_autoptr(GPtrArray) waiting = g_ptr_array_new_with_free_func (g_free);
  Tree tree = {
    .units = units,
    .is_system = is_system,
    .left = is_system ? MAX_DIRECTORIES_SYSTEM : MAX_DIRECTORIES_USER,
    .left_names = is_system ? MAX_DIRECTORIES_SYSTEM * MAX_NAMES : MAX_NAMES_USER,
    .users = users,
  };

  g_ptr_array_add (waiting, g_strdup (top));
  for (guint i = 0; i < waiting->len && tree.left > 0; i++, tree.left--)
    read_directory (&tree, waiting, waiting->pdata[i]);
}

static void
read_all (DivertUnits *units)
{
  g_autoptr(GPtrArray) users = units->exempt[0] != NULL ? g_ptr_array_new_with_free_func (g_free) : NULL;

  units->stale = FALSE;
  g_ptr_array_set_size (units->found, 0);
  units->root = divert_cgroup_get_root ();
  if (units->root == NULL)
    return;
  read_tree (units, "", TRUE, users);
  for (guint i = 0; users != NULL && i < users->len; i++)
    read_tree (units, users->pdata[i], FALSE, NULL);
}

static void
see_events (DivertUnits         *units,
            DivertInotifyEvents *events,
            gboolean             is_system)
{
  const struct inotify_event *event;
  gboolean any = FALSE, own = FALSE;

  while ((event = divert_inotify_next (events)) != NULL)
    {
      const char *name = event->len > 0 ? divert_unit_from_directory (event->name) : "";
      const gboolean lost = (event->mask & IN_Q_OVERFLOW) != 0;

      any |= lost || matters (units, name, is_system);
      own |= (lost && is_system) || is_own (units, name, is_system);
    }
  if (!any)
    return;
  units->stale = TRUE;
  units->changed (own, units->user_data);
}

static void
on_system_events (DivertInotifyEvents *events,
                  gpointer             user_data)
{
  see_events (user_data, events, TRUE);
}

static void
on_user_events (DivertInotifyEvents *events,
                gpointer             user_data)
{
  see_events (user_data, events, FALSE);
}

static void
stop (DivertUnits *units)
{
  g_clear_pointer (&units->system, divert_inotify_free);
  g_clear_pointer (&units->users, divert_inotify_free);
  g_ptr_array_set_size (units->found, 0);
  units->root = NULL;
}

/* Other names need other watches. */
static void
start (DivertUnits        *units,
       const DivertConfig *config)
{
  stop (units);
  g_free (units->own);
  g_strfreev (units->exempt);
  units->own = g_strdup (config->unit);
  units->exempt = g_strdupv (config->exempt_units);
  units->stale = divert_config_needs_cgroups (config);
  if (!units->stale)
    return;
  units->system = divert_inotify_new (G_PRIORITY_HIGH, on_system_events, units);
  units->users = divert_inotify_new_for_users (on_user_events, units);
}

DivertUnits *
divert_units_new (DivertUnitsChanged changed,
                  gpointer           user_data)
{
  DivertUnits *units = g_new0 (DivertUnits, 1);

  units->changed = changed;
  units->user_data = user_data;
  units->exempt = g_new0 (char *, 1);
  units->found = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_unit_free);
  return units;
}

void
divert_units_free (DivertUnits *units)
{
  if (units == NULL)
    return;
  stop (units);
  g_ptr_array_unref (units->found);
  g_free (units->own);
  g_strfreev (units->exempt);
  g_free (units);
}

static void
renew (DivertUnits        *units,
       const DivertConfig *config)
{
  if (g_strcmp0 (units->own, config->unit) != 0 ||
      !g_strv_equal ((const char *const *) units->exempt, (const char *const *) config->exempt_units))
    start (units, config);
  /* A hierarchy that isn't there may be mounted yet, and nobody tells. */
  if (units->stale || (units->root == NULL && divert_config_needs_cgroups (config)))
    read_all (units);
}

void
divert_units_gather (DivertUnits        *units,
                     const DivertConfig *config,
                     DivertFacts        *facts)
{
  renew (units, config);
  facts->has_cgroups = units->root != NULL;
  for (guint i = 0; i < units->found->len; i++)
    {
      const DivertUnit *unit = g_ptr_array_index (units->found, i);

      g_ptr_array_add (facts->units, divert_unit_new (unit->path, unit->id));
    }
}

const DivertUnit *
divert_units_find_own (DivertUnits        *units,
                       const DivertConfig *config)
{
  renew (units, config);
  return config->unit != NULL ? divert_units_find (units->found, config->unit) : NULL;
}
