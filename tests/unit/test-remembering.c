/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a run waits for the connections that were accepted before the rules. */
#include "core/ruleset/ruleset.h"
#include "run/remembering.h"
#include "system/flows/accepted.h"
#include "values.h"

#define FOR_EVER_MS G_MAXINT

static struct
{
  GMutex   mutex;
  GCond    cond;
  gboolean blocked; /* the next look hangs until this is FALSE */
  guint    n_looks, n_ended;
  guint32  mark;
} kernel;

/* The linker puts it in the place of the real one. */
gboolean
__wrap_divert_accepted_remember (const DivertPorts  *ephemeral,
                                 guint32             mark,
                                 guint32             mask,
                                 guint              *ret_remembered,
                                 GError            **error);

gboolean
__wrap_divert_accepted_remember (const DivertPorts  *ephemeral,
                                 guint32             mark,
                                 guint32             mask,
                                 guint              *ret_remembered,
                                 GError            **error)
{
  g_mutex_lock (&kernel.mutex);
  kernel.n_looks++;
  kernel.mark = mark;
  g_cond_broadcast (&kernel.cond);
  while (kernel.blocked)
    g_cond_wait (&kernel.cond, &kernel.mutex);
  kernel.n_ended++;
  g_mutex_unlock (&kernel.mutex);
  *ret_remembered = 1;
  return TRUE;
}

static void
block (gboolean blocked)
{
  g_mutex_lock (&kernel.mutex);
  kernel.blocked = blocked;
  g_cond_broadcast (&kernel.cond);
  g_mutex_unlock (&kernel.mutex);
}

static void
wait_for_look (guint n)
{
  g_mutex_lock (&kernel.mutex);
  while (kernel.n_looks < n)
    g_cond_wait (&kernel.cond, &kernel.mutex);
  g_mutex_unlock (&kernel.mutex);
}

static guint
get_looks (void)
{
  guint n;

  g_mutex_lock (&kernel.mutex);
  n = kernel.n_looks;
  g_mutex_unlock (&kernel.mutex);
  return n;
}

static DivertConfig *
make_config (void)
{
  return test_config_new ("[proxy]\ngroup=1\n[divert]\nmark=1\nmask=7\n");
}

/* Rules come after the marks. */
static void
test_waits (void)
{
  g_autoptr(DivertRemembering) remembering = divert_remembering_new (FOR_EVER_MS);
  g_autoptr(DivertConfig) config = make_config ();
  const DivertPorts ephemeral = { 32768, 60999 };

  for (guint i = 0; i < 100; i++)
    {
      const guint before = kernel.n_ended;

      divert_remembering_do (remembering, config, &ephemeral);
      g_assert_cmpuint (kernel.n_ended, ==, before + 1);
    }
  /* With this one, packets to an intranet are not left alone. */
  g_assert_cmpuint (kernel.mark, ==, divert_ruleset_get_served_mark (config));
}

/* Not even one that hangs for ever holds a run up for long, and only the first run. */
static void
test_late (void)
{
  g_autoptr(DivertRemembering) remembering = divert_remembering_new (1);
  g_autoptr(DivertConfig) config = make_config ();
  const DivertPorts ephemeral = { 32768, 60999 };
  const guint before = get_looks ();

  block (TRUE);
  divert_remembering_do (remembering, config, &ephemeral);
  wait_for_look (before + 1);
  divert_remembering_do (remembering, config, &ephemeral);
  divert_remembering_do (remembering, config, &ephemeral);
  g_assert_cmpuint (get_looks (), ==, before + 1);
  block (FALSE);
  /* Once it is over, the next run has a look of its own. */
  while (get_looks () == before + 1)
    divert_remembering_do (remembering, config, &ephemeral);
  g_assert_cmpuint (get_looks (), ==, before + 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* That it is late is a warning. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  g_test_add_func ("/remembering/waits", test_waits);
  g_test_add_func ("/remembering/late", test_late);
  return g_test_run ();
}
