/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a socket is, for one who may trace other users' processes and for one who may not.
 */
#include "namespace.h"
#include "system/base/cgroup.h"
#include "system/netlink/sockets-cgroup.h"
#include "system/netlink/sockets-owner.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#define GID 23333
#define UID 23334
#define NOBODY 65534

typedef struct
{
  char *cgroup; /* a directory that the test makes */
} Fixture;

typedef struct
{
  const char *cgroup; /* where to move first; NULL: stay */
  guint       gid;
  guint       uid;
  guint16     port;
} Program;

static void
set_up (Fixture       *f,
        gconstpointer  data)
{
  static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
  struct statfs system;

  g_assert_no_errno (unshare (CLONE_NEWNET));
  for (guint i = 0; i < G_N_ELEMENTS (roots) && f->cgroup == NULL; i++)
    if (statfs (roots[i], &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC)
      f->cgroup = g_strdup_printf ("%s/nm-divert-test-%d", roots[i], getpid ());
  g_assert_nonnull (f->cgroup);
  g_assert_no_errno (g_mkdir (f->cgroup, 0755));
}

static void
tear_down (Fixture       *f,
           gconstpointer  data)
{
  g_assert_no_errno (g_rmdir (f->cgroup));
  g_free (f->cgroup);
}

static void
run_program (gpointer user_data)
{
  const Program *program = user_data;
  const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = g_htons (program->port) };
  int fd;

  if (program->cgroup != NULL)
    {
      g_autofree char *procs = g_build_filename (program->cgroup, "cgroup.procs", NULL);

      fd = open (procs, O_WRONLY);
      if (write (fd, "0", 1) != 1)
        _exit (1);
      close (fd);
    }
  if (setgid (program->gid) != 0 || setuid (program->uid) != 0)
    _exit (1);
  fd = socket (AF_INET, SOCK_STREAM, 0);
  if (bind (fd, (const struct sockaddr *) &address, sizeof address) == 0 && listen (fd, 1) == 0)
    test_child_is_ready ();
}

typedef struct
{
  const DivertOwners *owners;
  gboolean            forget_cgroup;
  gboolean            held;
} Question;

static void
ask (const DivertSocket *socket,
     gpointer            user_data)
{
  Question *question = user_data;
  DivertSocket asked = *socket;

  if (question->forget_cgroup)
    asked.cgroup = 0;
  question->held = divert_owners_hold (question->owners, &asked);
}

static gboolean
holds (const DivertOwners *owners,
       guint16             port,
       gboolean            forget_cgroup)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertNetlink) netlink = divert_netlink_new (NETLINK_SOCK_DIAG, &error);
  Question question = { owners, forget_cgroup, FALSE };

  g_assert_no_error (error);
  divert_socket_dump (netlink, IPPROTO_TCP, DIVERT_FAMILY_IPV4, DIVERT_SOCKET_STATE (TCP_LISTEN), port, ask, &question,
                      &error);
  g_assert_no_error (error);
  return question.held;
}

static DivertOwners *
read_as (guint uid)
{
  DivertOwners *owners;

  g_assert_no_errno (seteuid (uid));
  owners = divert_owners_read (GID, NULL);
  g_assert_no_errno (seteuid (0));
  return owners;
}

/* A proxy in a unit of its own, another program of the same user elsewhere, and another user's. */
static void
test_cgroup (Fixture       *f,
             gconstpointer  data)
{
  Program programs[] = {
    { f->cgroup, GID, UID, 7001 },
    { NULL, UID, UID, 7002 },
    { NULL, UID, UID + 1, 7003 },
  };
  int pids[G_N_ELEMENTS (programs)];
  g_autoptr(DivertOwners) seen = NULL;
  g_autoptr(DivertOwners) guessed = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    pids[i] = test_child_start (run_program, &programs[i]);
  seen = read_as (0);
  guessed = read_as (NOBODY);
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_assert_cmpint (holds (seen, programs[i].port, FALSE), ==, i == 0);
      g_assert_cmpint (holds (guessed, programs[i].port, FALSE), ==, i == 0);
      /* Old kernels tell only a socket's user. */
      g_assert_cmpint (holds (guessed, programs[i].port, TRUE), ==, i != 2);
      test_child_stop (pids[i]);
    }
}

/* By hand, in one session: only the user tells. */
static void
test_shared (Fixture       *f,
             gconstpointer  data)
{
  Program programs[] = { { f->cgroup, GID, UID, 7001 }, { f->cgroup, UID, UID, 7002 } };
  int pids[G_N_ELEMENTS (programs)];
  g_autoptr(DivertOwners) seen = NULL;
  g_autoptr(DivertOwners) guessed = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    pids[i] = test_child_start (run_program, &programs[i]);
  seen = read_as (0);
  guessed = read_as (NOBODY);
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_assert_cmpint (holds (seen, programs[i].port, FALSE), ==, i == 0);
      g_assert_true (holds (guessed, programs[i].port, FALSE));
      test_child_stop (pids[i]);
    }
}

#define MANY 300

/* A unit that has made many groups below its own takes nothing away from another one. */
static void
test_many_groups (Fixture       *f,
                  gconstpointer  data)
{
  const char *path = f->cgroup + strlen (divert_cgroup_get_root ());
  g_autofree char *first = g_build_filename (path, "first", NULL);
  g_autofree char *second = g_build_filename (path, "second", NULL);
  g_autofree char *second_directory = g_build_filename (f->cgroup, "second", NULL);
  g_autofree char *first_directory = g_build_filename (f->cgroup, "first", NULL);
  g_autoptr(GHashTable) numbers = g_hash_table_new (NULL, NULL);

  g_assert_no_errno (g_mkdir (second_directory, 0755));
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *below = g_strdup_printf ("%s/%u", first_directory, i);

      g_assert_no_errno (g_mkdir_with_parents (below, 0755));
    }
  divert_cgroup_collect (first, numbers);
  g_assert_cmpuint (g_hash_table_size (numbers), ==, 256);
  divert_cgroup_collect (second, numbers);
  g_assert_true (g_hash_table_contains (numbers, GUINT_TO_POINTER ((guint32) divert_cgroup_get_id (second))));

  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *below = g_strdup_printf ("%s/%u", first_directory, i);

      g_assert_no_errno (g_rmdir (below));
    }
  g_assert_no_errno (g_rmdir (first_directory));
  g_assert_no_errno (g_rmdir (second_directory));
}

int
main (int   argc,
      char *argv[])
{
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/owners/cgroup", Fixture, NULL, set_up, test_cgroup, tear_down);
  g_test_add ("/owners/shared", Fixture, NULL, set_up, test_shared, tear_down);
  g_test_add ("/owners/many-groups", Fixture, NULL, set_up, test_many_groups, tear_down);
  return g_test_run ();
}
