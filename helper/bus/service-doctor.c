/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the call Doctor, and the shape of its answer.
 *
 * It waits in line like all other questions.  run/examination.c limits what the answers cost.
 */
#include "service-private.h"

#include "utf8.h"

static void
add_text (GVariantBuilder *builder,
          const char      *key,
          const char      *text)
{
  g_variant_builder_add (builder, "{sv}", key, divert_utf8_new (text));
}

static void
add_finding (GVariantBuilder     *findings,
             const DivertFinding *finding)
{
  g_variant_builder_open (findings, G_VARIANT_TYPE ("a{sv}"));
  add_text (findings, "kind", divert_finding_kind_name (finding->kind));
  add_text (findings, "gravity", divert_gravity_name (divert_finding_kind_get_gravity (finding->kind)));
  add_text (findings, "text", divert_finding_kind_to_text (finding->kind, NULL));
  add_text (findings, "advice", divert_finding_kind_get_advice (finding->kind, NULL));
  add_text (findings, "where", finding->where);
  add_text (findings, "rule", finding->rule);
  add_text (findings, "owner", finding->owner);
  add_text (findings, "command", finding->command);
  g_variant_builder_add (findings, "{sv}", "count", g_variant_new_uint32 (finding->count));
  g_variant_builder_close (findings);
}

static GVariant *
make_answer (const DivertDiagnosis *diagnosis)
{
  GVariantBuilder findings;
  GVariantDict answer;

  g_variant_builder_init (&findings, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < diagnosis->findings->len; i++)
    add_finding (&findings, g_ptr_array_index (diagnosis->findings, i));
  g_variant_dict_init (&answer, NULL);
  g_variant_dict_insert_value (&answer, "findings", g_variant_builder_end (&findings));
  return g_variant_dict_end (&answer);
}

static void
answer_doctor (GDBusMethodInvocation *invocation,
               gpointer               user_data)
{
  DivertService *service = user_data;
  const DivertDiagnosis *diagnosis = divert_examination_look (service->examination, service->snapshot);

  divert_helper1_complete_doctor (service->object, invocation, make_answer (diagnosis));
}

static gboolean
on_doctor (DivertHelper1         *object,
           GDBusMethodInvocation *invocation,
           gpointer               user_data)
{
  DivertService *service = user_data;

  divert_service_stay (service);
  divert_questions_add (service->questions, invocation, answer_doctor);
  return TRUE;
}

void
divert_service_connect_doctor (DivertService *service)
{
  g_signal_connect (service->object, "handle-doctor", G_CALLBACK (on_doctor), service);
}
