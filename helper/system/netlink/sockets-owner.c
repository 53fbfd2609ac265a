/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: walking through /proc.
 *
 * It reads the status of every process (about 20 µs each), but the descriptors only of those in the
 * group.  Processes come and go meanwhile; one that vanishes holds nothing.
 */
#include "sockets-owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sockets-cgroup.h"

/* Uid: and Gid: come early, and the line of supplementary groups may be long. */
#define STATUS_BYTES 1024
#define MAX_PROCESSES 65536
#define MAX_DESCRIPTORS (1024 * 1024)

typedef struct
{
  guint32 uids[4]; /* real, effective, saved, file system */
  guint32 gids[4];
  guint32 cgroup;  /* 0: not known, or not needed */
} Identity;

struct DivertOwners
{
  GHashTable *inodes; /* of the sockets that the group's processes have open */
  GArray     *hidden; /* Identity: processes in the group whose descriptors we may not read */
  guint       n_descriptors;
  GHashTable *cgroups; /* of the proxy's unit, the lower half of each number (sockets-cgroup.c) */
};

static gboolean
find_ids (const char *status,
          const char *field,
          guint32     ids[4])
{
  const char *line = strstr (status, field);

  return line != NULL && sscanf (line + strlen (field), "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]) == 4;
}

static gboolean
read_identity (int       process,
               Identity *ret_identity)
{
  char status[STATUS_BYTES];
  int fd = openat (process, "status", O_RDONLY | O_CLOEXEC);
  ssize_t n;

  if (fd < 0)
    return FALSE;
  n = read (fd, status, sizeof status - 1);
  close (fd);
  if (n <= 0)
    return FALSE;
  status[n] = '\0';
  /* The line breaks are safe to search for, because the kernel escapes one in the name of the process. */
  return find_ids (status, "\nUid:", ret_identity->uids) && find_ids (status, "\nGid:", ret_identity->gids);
}

static void
read_descriptors (DivertOwners   *owners,
                  int             process,
                  const Identity *identity)
{
  int fd = openat (process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd >= 0 ? fdopendir (fd) : NULL;
  const struct dirent *entry;

  if (directory == NULL)
    {
      if (fd >= 0)
        close (fd);
      else if (errno == EACCES || errno == EPERM)
        {
          Identity hidden = *identity;

          hidden.cgroup = divert_cgroup_find (process);
          g_array_append_val (owners->hidden, hidden);
        }
      return;
    }
  while ((entry = readdir (directory)) != NULL && owners->n_descriptors++ < MAX_DESCRIPTORS)
    {
      char target[64];
      ssize_t n = readlinkat (dirfd (directory), entry->d_name, target, sizeof target - 1);
      guint inode;

      if (n <= 0)
        continue;
      target[n] = '\0';
      if (sscanf (target, "socket:[%u]", &inode) == 1)
        g_hash_table_add (owners->inodes, GUINT_TO_POINTER (inode));
    }
  closedir (directory);
}

static void
read_process (DivertOwners *owners,
              int           proc,
              const char   *name,
              guint32       gid)
{
  int process = openat (proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
  Identity identity = { 0 };

  if (process < 0)
    return;
  if (read_identity (process, &identity))
    {
      for (guint i = 0; i < G_N_ELEMENTS (identity.gids); i++)
        {
          if (identity.gids[i] != gid)
            continue;
          read_descriptors (owners, process, &identity);
          break;
        }
    }
  close (process);
}

DivertOwners *
divert_owners_read (guint32     gid,
                    const char *unit)
{
  DivertOwners *owners = g_new0 (DivertOwners, 1);
  DIR *proc = gid != G_MAXUINT32 ? opendir ("/proc") : NULL;
  const struct dirent *entry;
  guint n = 0;

  owners->inodes = g_hash_table_new (NULL, NULL);
  owners->cgroups = g_hash_table_new (NULL, NULL);
  if (unit != NULL)
    divert_cgroup_collect (unit, owners->cgroups);
  owners->hidden = g_array_new (FALSE, FALSE, sizeof (Identity));
  if (proc == NULL)
    return owners;
  while ((entry = readdir (proc)) != NULL && n < MAX_PROCESSES)
    {
      if (!g_ascii_isdigit (entry->d_name[0]))
        continue;
      n++;
      read_process (owners, dirfd (proc), entry->d_name, gid);
    }
  closedir (proc);
  return owners;
}

void
divert_owners_free (DivertOwners *owners)
{
  if (owners == NULL)
    return;
  g_hash_table_unref (owners->inodes);
  g_hash_table_unref (owners->cgroups);
  g_array_unref (owners->hidden);
  g_free (owners);
}

/* Could @hidden have opened it? */
static gboolean
may_hold (const Identity     *hidden,
          const DivertSocket *socket)
{
  if (hidden->cgroup != 0 && socket->cgroup != 0 && hidden->cgroup != socket->cgroup)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (hidden->uids); i++)
    if (hidden->uids[i] == socket->diag.idiag_uid)
      return TRUE;
  return FALSE;
}

gboolean
divert_owners_hold (const DivertOwners *owners,
                    const DivertSocket *socket)
{
  if (g_hash_table_contains (owners->inodes, GUINT_TO_POINTER (socket->diag.idiag_inode)))
    return TRUE;
  if (socket->cgroup != 0 && g_hash_table_contains (owners->cgroups, GUINT_TO_POINTER (socket->cgroup)))
    return TRUE;
  for (guint i = 0; i < owners->hidden->len; i++)
    if (may_hold (&g_array_index (owners->hidden, Identity, i), socket))
      return TRUE;
  return FALSE;
}
