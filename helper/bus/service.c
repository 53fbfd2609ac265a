/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the D-Bus object, its properties, and the calls that change nothing.
 *
 * A call is answered from the last run's values; Status looks besides at the proxy's
 * listeners and the guard's counters.  Whoever floods the helper with questions costs
 * their answers, one at a time (call-queue.c), and no commit.
 */
#include "service-private.h"

#include "arguments.h"
#include "dbus-names.h"
#include "status.h"

#define IDLE_MS 30000

static gboolean
on_idle_timeout (gpointer user_data)
{
  DivertService *service = user_data;

  if (service->changes > 0 || divert_pipeline_is_needed (service->pipeline))
    return G_SOURCE_CONTINUE;
  service->idle_id = 0;
  service->idle (service->user_data);
  return G_SOURCE_REMOVE;
}

void
divert_service_stay (DivertService *service)
{
  g_clear_handle_id (&service->idle_id, g_source_remove);
  service->idle_id = g_timeout_add (IDLE_MS, on_idle_timeout, service);
}

/* Whoever asks may be who started us: what came before the first run is answered behind it. */
static gboolean
put_in_line (DivertService         *service,
             GDBusMethodInvocation *invocation,
             DivertAnswer           answer)
{
  divert_service_stay (service);
  divert_questions_add (service->questions, invocation, answer);
  return TRUE;
}

static void
on_refreshed (const DivertReport *report,
              gpointer            user_data)
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
    divert_pipeline_refresh (service->pipeline, known, settle, on_refreshed, invocation);
  return TRUE;
}

/* A plan's or explanation's place: "" is what is true now.  FALSE behind an answer. */
static gboolean
check_supposed_mode (DivertService         *service,
                     GDBusMethodInvocation *invocation,
                     const char            *mode,
                     DivertMode           **ret_mode)
{
  *ret_mode = NULL;
  return mode[0] == '\0' || divert_arguments_place (invocation, divert_pipeline_get_config (service->pipeline), mode, ret_mode);
}

static void
answer_plan (GDBusMethodInvocation *invocation,
             gpointer               user_data)
{
  DivertService *service = user_data;
  g_autoptr(DivertMode) supposed = NULL;
  g_autoptr(DivertRuleset) ruleset = NULL;
  g_autofree char *text = NULL;
  const char *mode;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&s)", &mode);
  if (!check_supposed_mode (service, invocation, mode, &supposed))
    return;
  ruleset = divert_pipeline_plan (service->pipeline, supposed, NULL);
  text = divert_ruleset_to_text (ruleset);
  divert_helper1_complete_plan (service->object, invocation, text);
}

static gboolean
on_plan (DivertHelper1         *object,
         GDBusMethodInvocation *invocation,
         const char            *mode,
         gpointer               user_data)
{
  return put_in_line (user_data, invocation, answer_plan);
}

static void
explain (DivertService         *service,
         GDBusMethodInvocation *invocation,
         const char            *mode,
         const char            *address,
         guint                  port,
         const char            *protocol)
{
  g_autoptr(DivertMode) supposed = NULL;
  DivertPacket packet;

  if (!check_supposed_mode (service, invocation, mode, &supposed) ||
      !divert_arguments_packet (invocation, address, port, protocol, &packet))
    return;
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(@a{sv})",
                                                        divert_status_explain (service->pipeline, supposed, &packet)));
}

static void
answer_explain (GDBusMethodInvocation *invocation,
                gpointer               user_data)
{
  DivertService *service = user_data;
  const char *address, *protocol;
  guint32 port;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&su&s)", &address, &port, &protocol);
  explain (service, invocation, "", address, port, protocol);
}

static gboolean
on_explain (DivertHelper1         *object,
            GDBusMethodInvocation *invocation,
            const char            *address,
            guint                  port,
            const char            *protocol,
            gpointer               user_data)
{
  return put_in_line (user_data, invocation, answer_explain);
}

static void
answer_explain_as (GDBusMethodInvocation *invocation,
                   gpointer               user_data)
{
  DivertService *service = user_data;
  const char *mode, *address, *protocol;
  guint32 port;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&s&su&s)", &mode, &address, &port, &protocol);
  explain (service, invocation, mode, address, port, protocol);
}

static gboolean
on_explain_as (DivertHelper1         *object,
               GDBusMethodInvocation *invocation,
               const char            *mode,
               const char            *address,
               guint                  port,
               const char            *protocol,
               gpointer               user_data)
{
  return put_in_line (user_data, invocation, answer_explain_as);
}

static void
answer_status (GDBusMethodInvocation *invocation,
               gpointer               user_data)
{
  DivertService *service = user_data;
  divert_helper1_complete_status (service->object, invocation, divert_status_new (service->pipeline));
}

static gboolean
on_status (DivertHelper1         *object,
           GDBusMethodInvocation *invocation,
           gpointer               user_data)
{
  return put_in_line (user_data, invocation, answer_status);
}

static void
set_problems (DivertHelper1   *object,
              const GPtrArray *problems)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < problems->len; i++)
    {
      const DivertProblem *problem = g_ptr_array_index (problems, i);

      g_ptr_array_add (texts, divert_problem_to_text (problem->code, problem->detail, NULL));
    }
  g_ptr_array_add (texts, NULL);
  divert_helper1_set_problems (object, (const char *const *) texts->pdata);
}

/* The skeleton says PropertiesChanged once per main loop iteration, for what really changed. */
static void
on_reported (const DivertReport *report,
             gpointer            user_data)
{
  DivertService *service = user_data;
  DivertHelper1 *object = service->object;
  g_autofree char *reason = divert_reason_to_text (report->decision->reason, NULL);
  g_autofree char *device = g_utf8_make_valid (divert_report_get_device (report), -1);

  divert_helper1_set_mode (object, divert_mode_get_name (report->mode));
  divert_helper1_set_mode_expires (object, report->mode->expires);
  divert_helper1_set_place (object, report->place);
  divert_helper1_set_reason (object, reason);
  divert_helper1_set_site (object, divert_report_get_site (report));
  divert_helper1_set_device (object, device);
  divert_helper1_set_backend (object, report->backend);
  set_problems (object, report->problems);
  divert_questions_open (service->questions);
}

DivertService *
divert_service_new (GDBusConnection  *bus,
                    const char       *config_dir,
                    DivertIdle        idle,
                    gpointer          user_data,
                    GError          **error)
{
  g_autoptr(DivertService) service = g_new0 (DivertService, 1);

  service->object = divert_helper1_skeleton_new ();
  service->config_dir = g_strdup (config_dir);
  service->idle = idle;
  service->user_data = user_data;
  service->authority = divert_authority_new (bus, DIVERT_AUTHORITY_TIMEOUT_MS, DIVERT_AUTHORITY_INTERACTIVE_TIMEOUT_MS);
  service->questions = divert_questions_new (service);
  service->pipeline = divert_pipeline_new (config_dir, on_reported, service, error);
  if (service->pipeline == NULL)
    return NULL;

  g_signal_connect (service->object, "handle-refresh", G_CALLBACK (on_refresh), service);
  g_signal_connect (service->object, "handle-plan", G_CALLBACK (on_plan), service);
  g_signal_connect (service->object, "handle-explain", G_CALLBACK (on_explain), service);
  g_signal_connect (service->object, "handle-explain-as", G_CALLBACK (on_explain_as), service);
  g_signal_connect (service->object, "handle-status", G_CALLBACK (on_status), service);
  divert_service_connect_changes (service);
  divert_service_connect_learning (service);

  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (service->object), bus, DIVERT_DBUS_PATH, error))
    return NULL;
  divert_service_stay (service);
  return g_steal_pointer (&service);
}

void
divert_service_free (DivertService *service)
{
  if (service == NULL)
    return;
  if (g_dbus_interface_skeleton_get_object_path (G_DBUS_INTERFACE_SKELETON (service->object)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (service->object));
  divert_questions_free (service->questions);
  divert_pipeline_free (service->pipeline);
  divert_authority_free (service->authority);
  /* The last of those that waited for the authority may just have set it. */
  g_clear_handle_id (&service->idle_id, g_source_remove);
  g_object_unref (service->object);
  g_free (service->config_dir);
  g_free (service);
}

void
divert_service_reload (DivertService *service)
{
  g_autoptr(GError) error = NULL;

  if (!divert_pipeline_reload (service->pipeline, &error))
    g_warning ("%s", error->message);
}

void
divert_service_lose_bus (DivertService *service)
{
  divert_pipeline_lose_bus (service->pipeline);
}
