/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns: the sandbox of the iptables backend's tests. See sandbox.h. */
#include "sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

Sandbox sandbox;

static char *lock_file;

static const struct
{
  const char *command, *save, *restore;
} programs[DIVERT_N_FAMILIES] = {
  { "iptables-legacy", "iptables-legacy-save", "iptables-legacy-restore" },
  { "ip6tables-legacy", "ip6tables-legacy-save", "ip6tables-legacy-restore" },
};

static gboolean
is_xtables_level (int level)
{
  return level == IPPROTO_IP || level == IPPROTO_IPV6;
}

/* IPv6's options have the same numbers, or follow them. */
static gboolean
is_absent (int level,
           int option)
{
  return sandbox.tableless && is_xtables_level (level) && option >= IPT_BASE_CTL &&
         option <= IP6T_SO_GET_REVISION_TARGET;
}

int
setsockopt (int         fd,
            int         level,
            int         option,
            const void *value,
            socklen_t   length)
{
  /* The number is the same in both families. */
  gboolean replace = is_xtables_level (level) && option == IPT_SO_SET_REPLACE;
  gboolean add = is_xtables_level (level) && option == IPT_SO_SET_ADD_COUNTERS;

  if (is_absent (level, option))
    {
      errno = ENOPROTOOPT;
      return -1;
    }
  if (replace)
    sandbox.n_replaced++;
  if ((replace || add) && sandbox.meddle != NULL)
    {
      int code = sandbox.meddle (replace ? SANDBOX_REPLACE : SANDBOX_ADD_COUNTERS, sandbox.meddle_data);

      if (code != 0)
        {
          errno = code;
          return -1;
        }
    }
  return syscall (SYS_setsockopt, fd, level, option, value, length);
}

int
getsockopt (int        fd,
            int        level,
            int        option,
            void      *value,
            socklen_t *length)
{
  gboolean ipv4 = level == IPPROTO_IP && (option == IPT_SO_GET_REVISION_MATCH || option == IPT_SO_GET_REVISION_TARGET);
  gboolean ipv6 = level == IPPROTO_IPV6 &&
                  (option == IP6T_SO_GET_REVISION_MATCH || option == IP6T_SO_GET_REVISION_TARGET);

  if (is_absent (level, option))
    {
      errno = ENOPROTOOPT;
      return -1;
    }
  if ((ipv4 || ipv6) && g_strcmp0 (sandbox.lacking, ((struct xt_get_revision *) value)->name) == 0)
    {
      errno = sandbox.lacking_error;
      return -1;
    }
  /* The number is the same in both families. */
  if (is_xtables_level (level) && option == IPT_SO_GET_ENTRIES)
    sandbox.n_read++;
  return syscall (SYS_getsockopt, fd, level, option, value, length);
}

static void
remove_lock_file (void)
{
  g_autofree char *folder = NULL;

  if (lock_file == NULL)
    return;
  folder = g_path_get_dirname (lock_file);
  g_unlink (lock_file);
  g_rmdir (folder);
  g_clear_pointer (&lock_file, g_free);
}

void
sandbox_enter (void)
{
  static gboolean first = TRUE;
  g_autofree char *folder = g_dir_make_tmp ("nm-divert-test-XXXXXX", NULL);

  sandbox = (Sandbox){ 0 };
  test_namespace_enter ();
  g_assert_nonnull (folder);
  remove_lock_file ();
  g_unsetenv ("DIVERT_FAULT");
  lock_file = g_build_filename (folder, "lock", NULL);
  g_setenv ("XTABLES_LOCKFILE", lock_file, TRUE);
  if (first)
    atexit (remove_lock_file);
  first = FALSE;
}

const char *
sandbox_get_lock_file (void)
{
  return lock_file;
}

gboolean
sandbox_lock_is_free (void)
{
  int fd = open (lock_file, O_RDONLY | O_CREAT, 0600);
  gboolean locked = flock (fd, LOCK_EX | LOCK_NB) == 0;

  close (fd);
  return locked;
}

static char *
run (const char  *input,
     char       **argv,
     char       **envp)
{
  g_autofree char *folder = NULL;
  g_autofree char *file = NULL;
  g_autoptr(GPtrArray) full = g_ptr_array_new ();
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  g_autoptr(GError) error = NULL;
  int status;

  if (input != NULL)
    {
      folder = g_dir_make_tmp ("nm-divert-test-XXXXXX", NULL);
      file = g_build_filename (folder, "input", NULL);
      g_assert_true (g_file_set_contents (file, input, -1, NULL));
      g_ptr_array_add (full, (char *) "sh");
      g_ptr_array_add (full, (char *) "-c");
      g_ptr_array_add (full, (char *) "file=$1; shift; exec \"$@\" <\"$file\"");
      g_ptr_array_add (full, (char *) "sh");
      g_ptr_array_add (full, file);
    }
  for (guint i = 0; argv[i] != NULL; i++)
    g_ptr_array_add (full, argv[i]);
  g_ptr_array_add (full, NULL);

  g_spawn_sync (NULL, (char **) full->pdata, envp, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors, &status, &error);
  g_assert_no_error (error);
  if (!g_spawn_check_wait_status (status, &error))
    g_error ("%s: %s: %s", argv[0], error->message, errors);
  if (file != NULL)
    {
      g_unlink (file);
      g_rmdir (folder);
    }
  return g_steal_pointer (&output);
}

char *
sandbox_run (const char *input,
             const char *program,
             ...)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new ();
  va_list args;

  va_start (args, program);
  for (const char *arg = program; arg != NULL; arg = va_arg (args, const char *))
    g_ptr_array_add (argv, (gpointer) arg);
  va_end (args);
  g_ptr_array_add (argv, NULL);
  return run (input, (char **) argv->pdata, NULL);
}

void
sandbox_meddle_with (DivertFamily  family,
                     const char   *arguments)
{
  g_autofree char *line = g_strdup_printf ("%s %s", programs[family].command, arguments);
  g_autofree char *lock = g_strconcat (lock_file, ".other", NULL);
  g_auto(GStrv) argv = g_strsplit (line, " ", -1);
  g_auto(GStrv) envp = g_environ_setenv (g_get_environ (), "XTABLES_LOCKFILE", lock, TRUE);

  g_free (run (NULL, argv, envp));
  g_unlink (lock);
}

static char *
filter_lines (const char *text,
              gboolean  (*keep) (const char *line))
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr(GString) kept = g_string_new (NULL);

  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0' && keep (*line))
      g_string_append_printf (kept, "%s\n", *line);
  return g_string_free (g_steal_pointer (&kept), FALSE);
}

static gboolean
is_no_comment (const char *line)
{
  return line[0] != '#';
}

static gboolean
is_rule (const char *line)
{
  return g_str_has_prefix (line, "-A ");
}

char *
sandbox_save (DivertFamily  family,
              DivertXtTable table,
              gboolean      counters)
{
  g_autofree char *text = sandbox_run (NULL, programs[family].save, "-t", divert_xt_table_name (table),
                                       counters ? "-c" : NULL, NULL);

  return filter_lines (text, is_no_comment);
}

char *
sandbox_save_rules (DivertFamily  family,
                    DivertXtTable table)
{
  g_autofree char *text = sandbox_save (family, table, FALSE);

  return filter_lines (text, is_rule);
}

void
sandbox_restore (DivertFamily  family,
                 const char   *text,
                 gboolean      counters)
{
  g_free (sandbox_run (text, programs[family].restore, counters ? "-c" : NULL, NULL));
}

static void
clear_counters (DivertFamily  family,
                guint8       *entry)
{
  gboolean ipv4 = family == DIVERT_FAMILY_IPV4;
  gsize counters = ipv4 ? offsetof (struct ipt_entry, counters) : offsetof (struct ip6t_entry, counters);

  memset (entry + counters, 0, sizeof (struct xt_counters));
}

static guint
get_next (DivertFamily  family,
          const guint8 *entry)
{
  gboolean ipv4 = family == DIVERT_FAMILY_IPV4;
  gsize next = ipv4 ? offsetof (struct ipt_entry, next_offset) : offsetof (struct ip6t_entry, next_offset);
  guint16 offset;

  memcpy (&offset, entry + next, sizeof offset);
  return offset;
}

GBytes *
sandbox_read_blob (DivertFamily  family,
                   DivertXtTable table)
{
  int level = family == DIVERT_FAMILY_IPV4 ? IPPROTO_IP : IPPROTO_IPV6;
  int fd = socket (family == DIVERT_FAMILY_IPV4 ? AF_INET : AF_INET6, SOCK_RAW, IPPROTO_RAW);
  struct ipt_getinfo info = { 0 }; /* the same in both families */
  socklen_t length = sizeof info;
  struct ipt_get_entries *entries;
  GBytes *blob;

  g_strlcpy (info.name, divert_xt_table_name (table), sizeof info.name);
  g_assert_cmpint (getsockopt (fd, level, IPT_SO_GET_INFO, &info, &length), ==, 0);
  length = sizeof *entries + info.size;
  entries = g_malloc0 (length);
  g_strlcpy (entries->name, info.name, sizeof entries->name);
  entries->size = info.size;
  g_assert_cmpint (getsockopt (fd, level, IPT_SO_GET_ENTRIES, entries, &length), ==, 0);
  close (fd);

  for (guint8 *entry = (guint8 *) entries->entrytable; entry < (guint8 *) entries->entrytable + info.size;
       entry += get_next (family, entry))
    clear_counters (family, entry);
  blob = g_bytes_new (entries->entrytable, info.size);
  g_free (entries);
  return blob;
}

char *
sandbox_read_names (void)
{
  g_autofree char *ipv4 = NULL, *ipv6 = NULL;

  g_assert_true (g_file_get_contents ("/proc/net/ip_tables_names", &ipv4, NULL, NULL));
  g_assert_true (g_file_get_contents ("/proc/net/ip6_tables_names", &ipv6, NULL, NULL));
  return g_strconcat (ipv4, ipv6, NULL);
}

void
sandbox_send (DivertFamily family,
              guint16      port,
              guint        count)
{
  struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons (port),
                              .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons (port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  const struct sockaddr *address = family == DIVERT_FAMILY_IPV4 ? (struct sockaddr *) &ipv4 : (struct sockaddr *) &ipv6;
  socklen_t length = family == DIVERT_FAMILY_IPV4 ? sizeof ipv4 : sizeof ipv6;
  int fd = socket (address->sa_family, SOCK_DGRAM, 0);

  for (guint i = 0; i < count; i++)
    sendto (fd, "x", 1, 0, address, length); /* a rule may drop it: EPERM */
  close (fd);
}

GArray *
sandbox_rules_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (DivertXtRule));
}

void
sandbox_rules_add (GArray             *rules,
                   const DivertXtRule *rule)
{
  g_array_append_vals (rules, rule, 1);
}

gboolean
sandbox_apply (const GArray  *rules,
               DivertXtTable  table,
               DivertFamily   family)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote = 2;
  gboolean ok = divert_iptables_write (family, table, rules, FALSE, &wrote, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_true (wrote == TRUE || wrote == FALSE);
  return wrote;
}

char *
sandbox_apply_fails (const GArray  *rules,
                     DivertXtTable  table,
                     DivertFamily   family,
                     int            code)
{
  g_autoptr(GError) error = NULL;
  gboolean wrote = 2;

  g_assert_false (divert_iptables_write (family, table, rules, FALSE, &wrote, &error));
  g_assert_error (error, DIVERT_BACKEND_ERROR, code);
  g_assert_cmpint (wrote, ==, 2);
  g_test_message ("%s", error->message);
  return g_strdup (error->message);
}
