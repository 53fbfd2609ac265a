/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the D-Bus object, its properties, and the thread that serves its calls.  The calls themselves are in other
 * files (service-private.h).
 *
 * The thread is an ordinary one, whatever the main loop's priority is; run/orders.c says why.  All of the folder bus/
 * runs in it, except divert_service_new() and divert_service_free().
 */
#include "service-private.h"

#include "dbus-names.h"
#include "timer.h"

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

/* The skeleton emits PropertiesChanged once per main loop iteration, and only for real changes. */
static void
show (DivertService        *service,
      const DivertSnapshot *snapshot)
{
  const DivertReport *report = snapshot->report;
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
  divert_helper1_set_drifts (object, snapshot->drift.count);
  set_problems (object, report->problems);
  divert_questions_open (service->questions);
}

static void
on_published (const DivertSnapshot *snapshot,
              gpointer              user_data)
{
  DivertService *service = user_data;

  divert_verification_forget (service->verification);
  divert_snapshot_free (service->snapshot);
  service->snapshot = divert_snapshot_ref (snapshot);
  if (snapshot->report != NULL)
    show (service, snapshot);
}

static gboolean
set_up (DivertService  *service,
        GError        **error)
{
  service->object = divert_helper1_skeleton_new ();
  service->authority = divert_authority_new (service->bus, DIVERT_AUTHORITY_TIMEOUT_MS,
                                             DIVERT_AUTHORITY_INTERACTIVE_TIMEOUT_MS);
  service->questions = divert_questions_new (service);
  service->keeping = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  service->examination = divert_examination_new ();
  service->verification = divert_verification_new ();
  divert_service_connect_questions (service);
  divert_service_connect_explaining (service);
  divert_service_connect_doctor (service);
  divert_service_connect_changes (service);
  divert_service_connect_learning (service);
  divert_service_connect_previewing (service);
  divert_service_stay (service);
  /* Fetch what was published first, so that there is a snapshot before the first call. */
  g_main_context_iteration (service->context, FALSE);
  return g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (service->object), service->bus, DIVERT_DBUS_PATH,
                                           error);
}

static void
tear_down (DivertService *service)
{
  if (g_dbus_interface_skeleton_get_object_path (G_DBUS_INTERFACE_SKELETON (service->object)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (service->object));
  divert_questions_free (service->questions);
  divert_examination_free (service->examination);
  divert_verification_free (service->verification);
  divert_authority_free (service->authority);
  /* One of those that waited for the authority may just have set this timer. */
  divert_timer_clear (&service->idle_timer);
  g_hash_table_unref (service->keeping);
  g_object_unref (service->object);
}

static gpointer
serve (gpointer data)
{
  DivertService *service = data;
  GError *error = NULL;

  g_main_context_push_thread_default (service->context);
  if (set_up (service, &error))
    {
      g_async_queue_push (service->started, service);
      g_main_loop_run (service->loop);
    }
  else
    g_async_queue_push (service->started, error);
  tear_down (service);
  g_main_context_pop_thread_default (service->context);
  return NULL;
}

DivertService *
divert_service_new (GDBusConnection  *bus,
                    DivertPipeline   *pipeline,
                    DivertIdle        idle,
                    gpointer          user_data,
                    GError          **error)
{
  g_autoptr(DivertService) service = g_new0 (DivertService, 1);
  gpointer word;

  service->bus = g_object_ref (bus);
  service->idle = idle;
  service->user_data = user_data;
  service->context = g_main_context_new ();
  service->loop = g_main_loop_new (service->context, FALSE);
  service->started = g_async_queue_new ();
  service->orders = divert_orders_new (pipeline, service->context, on_published, service);
  service->thread = g_thread_new ("calls", serve, service);
  word = g_async_queue_pop (service->started);
  if (word != service)
    {
      g_propagate_error (error, word);
      return NULL;
    }
  return g_steal_pointer (&service);
}

static gboolean
on_end (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/* End it from within the loop, because the loop might not be running yet. */
static void
end_loop (DivertService *service)
{
  GSource *end = g_idle_source_new ();

  g_source_set_priority (end, G_PRIORITY_HIGH);
  g_source_set_callback (end, on_end, service->loop, NULL);
  g_source_attach (end, service->context);
  g_source_unref (end);
}

void
divert_service_free (DivertService *service)
{
  if (service == NULL)
    return;
  end_loop (service);
  g_thread_join (service->thread);
  divert_orders_free (service->orders);
  divert_snapshot_free (service->snapshot);
  g_async_queue_unref (service->started);
  g_main_loop_unref (service->loop);
  g_main_context_unref (service->context);
  g_object_unref (service->bus);
  g_free (service);
}
