/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the calls that anybody may make: Refresh, Plan, PlanFor, Status.
 *
 * A call is answered from the last run's values.  Status also looks at the proxy's listeners and the guard's counters.
 * If somebody floods the helper with questions, this costs only the answers, one at a time (call-queue.c), at ordinary
 * priority, and never a commit.
 */
#include "service-private.h"

#include "arguments.h"
#include "status.h"

gboolean
divert_service_put_in_line (DivertService         *service,
                            GDBusMethodInvocation *invocation,
                            DivertAnswer           answer)
{
  divert_service_stay (service);
  divert_questions_add (service->questions, invocation, answer);
  return TRUE;
}

static void
on_refreshed (const GError *error,
              gpointer      user_data)
{
  g_dbus_method_invocation_return_value (user_data, NULL);
}

static gboolean
on_refresh (DivertHelper1         *object,
            GDBusMethodInvocation *invocation,
            const char            *event,
            gpointer               user_data)
{
  DivertService *service = user_data;
  const char *known;
  gboolean settle;

  divert_service_stay (service);
  if (divert_arguments_event (invocation, event, &known, &settle))
    divert_orders_refresh (service->orders, known, settle, on_refreshed, invocation);
  return TRUE;
}

gboolean
divert_service_check_place (DivertService         *service,
                            GDBusMethodInvocation *invocation,
                            const char            *mode,
                            DivertMode           **ret_mode)
{
  *ret_mode = NULL;
  return mode[0] == '\0' || divert_arguments_place (invocation, service->snapshot->config, mode, ret_mode);
}

/* @backend: NULL for the one that applies rules now. */
static void
plan (DivertService         *service,
      GDBusMethodInvocation *invocation,
      const char            *mode,
      const char            *backend)
{
  g_autoptr(DivertMode) supposed = NULL;
  g_autofree char *text = NULL;

  if (!divert_service_check_place (service, invocation, mode, &supposed))
    return;
  text = divert_snapshot_plan (service->snapshot, supposed, backend);
  if (text == NULL)
    divert_arguments_refuse_backend (invocation, backend);
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", text));
}

static void
answer_plan (GDBusMethodInvocation *invocation,
             gpointer               user_data)
{
  const char *mode;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&s)", &mode);
  plan (user_data, invocation, mode, NULL);
}

static void
answer_plan_for (GDBusMethodInvocation *invocation,
                 gpointer               user_data)
{
  const char *mode, *backend;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&s&s)", &mode, &backend);
  plan (user_data, invocation, mode, backend);
}

static gboolean
on_plan (DivertHelper1         *object,
         GDBusMethodInvocation *invocation,
         const char            *mode,
         gpointer               user_data)
{
  return divert_service_put_in_line (user_data, invocation, answer_plan);
}

static gboolean
on_plan_for (DivertHelper1         *object,
             GDBusMethodInvocation *invocation,
             const char            *mode,
             const char            *backend,
             gpointer               user_data)
{
  return divert_service_put_in_line (user_data, invocation, answer_plan_for);
}

static void
answer_status (GDBusMethodInvocation *invocation,
               gpointer               user_data)
{
  DivertService *service = user_data;

  divert_helper1_complete_status (service->object, invocation,
                                  divert_status_new (service->snapshot, service->verification));
}

static gboolean
on_status (DivertHelper1         *object,
           GDBusMethodInvocation *invocation,
           gpointer               user_data)
{
  return divert_service_put_in_line (user_data, invocation, answer_status);
}

void
divert_service_connect_questions (DivertService *service)
{
  g_signal_connect (service->object, "handle-refresh", G_CALLBACK (on_refresh), service);
  g_signal_connect (service->object, "handle-plan", G_CALLBACK (on_plan), service);
  g_signal_connect (service->object, "handle-plan-for", G_CALLBACK (on_plan_for), service);
  g_signal_connect (service->object, "handle-status", G_CALLBACK (on_status), service);
}
