/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pkttyagent closes the file descriptor that it was given once it is registered, or when it dies.  Either way the wait
 * ends.
 *
 * With --fallback, an agent of the desktop takes precedence.  But polkit forgets a fallback agent if the process
 * belongs to no login session (polkit 122, get_authentication_agent_for_subject()), and then no desktop can be asked
 * anyway.
 */
#include "divert-config.h"

#include "agent.h"

#include <signal.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib-unix.h>

struct DivertAgent
{
  GSubprocess *process;
};

/* The child's end of the pipe has this number in the child. */
#define NOTIFY_FD 3

DivertAgent *
divert_agent_start (void)
{
  g_autoptr(GSubprocessLauncher) launcher = NULL;
  g_autofree char *subject = g_strdup_printf ("%d", (int) getpid ());
  g_autofree char *notify = g_strdup_printf ("%d", NOTIFY_FD);
  DivertAgent *agent;
  GSubprocess *process;
  int ends[2];
  char ignored;

  if (geteuid () == 0 || !isatty (STDIN_FILENO) || !g_unix_open_pipe (ends, FD_CLOEXEC, NULL))
    return NULL;

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
  g_subprocess_launcher_take_fd (launcher, ends[1], NOTIFY_FD);
  process = g_subprocess_launcher_spawn (launcher, NULL, "pkttyagent", "--process", subject, "--notify-fd", notify,
                                         g_getenv ("XDG_SESSION_ID") ? "--fallback" : NULL, NULL);
  /* Our copy of the child's end is closed with the launcher.  Otherwise the read would never end. */
  g_clear_object (&launcher);
  if (process)
    while (read (ends[0], &ignored, 1) > 0)
      continue;
  close (ends[0]);
  if (!process)
    return NULL;

  agent = g_new0 (DivertAgent, 1);
  agent->process = process;
  return agent;
}

void
divert_agent_stop (DivertAgent *agent)
{
  if (!agent)
    return;
  /* The agent restores the terminal when it is terminated.  If it is stopped, it has to run for that. */
  g_subprocess_send_signal (agent->process, SIGTERM);
  g_subprocess_send_signal (agent->process, SIGCONT);
  g_subprocess_wait (agent->process, NULL, NULL);
  g_object_unref (agent->process);
  g_free (agent);
}
