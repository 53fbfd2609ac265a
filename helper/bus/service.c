/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the D-Bus object, and its properties.  Its calls are other files' (service-private.h).
 */
#include "service-private.h"

#include "dbus-names.h"

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
                    DivertPipeline   *pipeline,
                    DivertIdle        idle,
                    gpointer          user_data,
                    GError          **error)
{
  g_autoptr(DivertService) service = g_new0 (DivertService, 1);

  service->object = divert_helper1_skeleton_new ();
  service->idle = idle;
  service->user_data = user_data;
  service->authority = divert_authority_new (bus, DIVERT_AUTHORITY_TIMEOUT_MS, DIVERT_AUTHORITY_INTERACTIVE_TIMEOUT_MS);
  service->questions = divert_questions_new (service);
  service->pipeline = pipeline;
  divert_pipeline_set_reported (pipeline, on_reported, service);
  divert_service_connect_questions (service);
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
  divert_pipeline_set_reported (service->pipeline, NULL, NULL);
  divert_questions_free (service->questions);
  divert_authority_free (service->authority);
  /* The last of those that waited for the authority may just have set it. */
  g_clear_handle_id (&service->idle_id, g_source_remove);
  g_object_unref (service->object);
  g_free (service);
}
