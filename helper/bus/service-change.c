/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: Switch and Reload. Each is checked, then authorised, then checked again against the configuration at that later
 * time, then done.
 */
#include "service-private.h"

#include "arguments.h"
#include "change.h"
#include "dbus-names.h"

static void
on_switched (const GError *error,
             gpointer      user_data)
{
  g_autoptr(DivertChange) change = user_data;

  divert_change_answer (change, DIVERT_DBUS_ERROR_FAILED, error);
}

static void
switch_mode (DivertChange *owned)
{
  g_autoptr(DivertChange) change = owned;
  DivertService *service = change->service;

  /* The configuration may have changed while a password was typed. */
  if (change->mode->kind == DIVERT_MODE_SITE &&
      divert_config_find_site (service->snapshot->config, change->mode->site) == NULL)
    {
      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_UNKNOWN_SITE, "unknown site");
      return;
    }
  divert_orders_set_mode (service->orders, change->mode, on_switched, change);
  g_steal_pointer (&change);
}

/* A mode that ends with a network must know which network, or it would never end. */
static void
on_network_known (const GError *error,
                  gpointer      user_data)
{
  g_autoptr(DivertChange) change = user_data;
  const DivertFacts *facts = change->service->snapshot->facts;

  if (facts == NULL || !facts->nm_running)
    {
      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_FAILED,
                                                  "NetworkManager is not running, "
                                                  "so that no change of network can be seen");
      return;
    }
  change->mode->network = divert_facts_network (facts);
  switch_mode (g_steal_pointer (&change));
}

static void
do_switch (DivertChange *change)
{
  if (change->until_network_change)
    divert_orders_refresh (change->service->orders, "switch", TRUE, on_network_known, change);
  else
    switch_mode (change);
}

/* Switching to the safer state is easy. This means away, and auto, which is what the administrator has configured. */
static const char *
switch_action (const DivertMode *mode)
{
  switch (mode->kind)
    {
    case DIVERT_MODE_AUTO:
    case DIVERT_MODE_AWAY:
      return DIVERT_ACTION_SWITCH_AWAY;
    case DIVERT_MODE_OFF:
      return DIVERT_ACTION_SWITCH_OFF;
    case DIVERT_MODE_SITE:
    default:
      return DIVERT_ACTION_SWITCH_SITE;
    }
}

static gboolean
on_switch (DivertHelper1         *object,
           GDBusMethodInvocation *invocation,
           const char            *mode,
           guint64                expires,
           gboolean               until_network_change,
           gpointer               user_data)
{
  DivertService *service = user_data;
  DivertDialog dialog = { 0 };
  DivertMode *parsed;
  DivertChange *change;

  if (!divert_arguments_mode (invocation, service->snapshot->config, mode, expires, &parsed))
    return TRUE;
  change = divert_change_new (service, invocation, do_switch);
  change->mode = parsed;
  change->until_network_change = until_network_change;
  dialog.site = divert_mode_get_name (parsed);
  divert_change_authorise (change, switch_action (parsed), parsed->kind == DIVERT_MODE_SITE ? &dialog : NULL);
  return TRUE;
}

/* The problem that keeps the rules out of the kernel; NULL: none. */
static const DivertProblem *
find_gap (const DivertReport *report)
{
  for (guint i = 0; report != NULL && i < report->problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (report->problems, i);

      if (divert_problem_is_gap (problem->code))
        return problem;
    }
  return NULL;
}

/* A person who reloads also wants to know whether the rules are there. */
static void
on_reloaded (const GError *error,
             gpointer      user_data)
{
  g_autoptr(DivertChange) change = user_data;
  const DivertProblem *gap = find_gap (change->service->snapshot->report);

  if (error == NULL && gap != NULL)
    {
      g_autofree char *text = divert_problem_to_text (gap->code, gap->detail, NULL);

      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_FAILED, text);
      return;
    }
  divert_change_answer (change, DIVERT_DBUS_ERROR_CONFIG, error);
}

static void
do_reload (DivertChange *change)
{
  divert_orders_reload (change->service->orders, on_reloaded, change);
}

static gboolean
on_reload (DivertHelper1         *object,
           GDBusMethodInvocation *invocation,
           gpointer               user_data)
{
  divert_change_authorise (divert_change_new (user_data, invocation, do_reload), DIVERT_ACTION_RELOAD, NULL);
  return TRUE;
}

void
divert_service_connect_changes (DivertService *service)
{
  g_signal_connect (service->object, "handle-switch", G_CALLBACK (on_switch), service);
  g_signal_connect (service->object, "handle-reload", G_CALLBACK (on_reload), service);
}
