/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the calls Explain, ExplainAs, ExplainFrom and ExplainFlow.
 *
 * Anybody may ask about a packet.  About a running flow, only root may ask, and the user whose socket it is: what
 * becomes of it is nobody else's business.
 */
#include "service-private.h"

#include "arguments.h"
#include "dbus-names.h"
#include "explanation.h"
#include "run/sender.h"

/* The bus's own answer comes at once. */
#define USER_TIMEOUT_MS 1000

/* @from: as of divert_sender_find(); NULL: this machine itself. */
static void
explain (DivertService         *service,
         GDBusMethodInvocation *invocation,
         const char            *mode,
         const char            *from,
         const char            *address,
         guint                  port,
         const char            *protocol)
{
  g_autoptr(DivertMode) supposed = NULL;
  g_autoptr(DivertExplaining) explaining = NULL;
  DivertPacket packet;

  if (!divert_service_check_place (service, invocation, mode, &supposed) ||
      !divert_arguments_packet (invocation, address, port, protocol, &packet))
    return;
  if (from != NULL && !divert_sender_find (service->snapshot->facts, from, &packet))
    {
      divert_arguments_refuse_sender (invocation, from);
      return;
    }
  explaining = divert_explaining_new (service->snapshot, service->verification, supposed, &packet);
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(@a{sv})",
                                                        divert_explanation_new (service->snapshot, explaining)));
}

static void
answer_explain (GDBusMethodInvocation *invocation,
                gpointer               user_data)
{
  DivertService *service = user_data;
  const char *address, *protocol;
  guint32 port;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&su&s)", &address, &port, &protocol);
  explain (service, invocation, "", NULL, address, port, protocol);
}

static gboolean
on_explain (DivertHelper1         *object,
            GDBusMethodInvocation *invocation,
            const char            *address,
            guint                  port,
            const char            *protocol,
            gpointer               user_data)
{
  return divert_service_put_in_line (user_data, invocation, answer_explain);
}

static void
answer_explain_as (GDBusMethodInvocation *invocation,
                   gpointer               user_data)
{
  DivertService *service = user_data;
  const char *mode, *address, *protocol;
  guint32 port;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&s&su&s)", &mode, &address, &port, &protocol);
  explain (service, invocation, mode, NULL, address, port, protocol);
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
  return divert_service_put_in_line (user_data, invocation, answer_explain_as);
}

static void
answer_explain_from (GDBusMethodInvocation *invocation,
                     gpointer               user_data)
{
  const char *from, *mode, *address, *protocol;
  guint32 port;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&s&s&su&s)", &from, &mode, &address, &port,
                 &protocol);
  explain (user_data, invocation, mode, from, address, port, protocol);
}

static gboolean
on_explain_from (DivertHelper1         *object,
                 GDBusMethodInvocation *invocation,
                 const char            *from,
                 const char            *mode,
                 const char            *address,
                 guint                  port,
                 const char            *protocol,
                 gpointer               user_data)
{
  return divert_service_put_in_line (user_data, invocation, answer_explain_from);
}

static void
refuse_flow (GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_dbus_error (invocation, DIVERT_DBUS_ERROR_NOT_AUTHORIZED,
                                              "only root and the flow's user may ask about it");
}

static void
explain_flow (DivertService         *service,
              GDBusMethodInvocation *invocation,
              const DivertPacket    *packet,
              guint32                uid)
{
  g_autoptr(DivertExplaining) explaining = divert_explaining_new (service->snapshot, service->verification, NULL,
                                                                  packet);
  g_autoptr(GError) error = NULL;

  if (!divert_explaining_find_flow (explaining, &error))
    {
      g_dbus_method_invocation_return_dbus_error (invocation, DIVERT_DBUS_ERROR_FAILED, error->message);
      return;
    }
  if (uid != 0 && (!explaining->flow.has_socket || explaining->flow.uid != uid))
    {
      refuse_flow (invocation);
      return;
    }
  divert_explaining_judge_flow (explaining, service->snapshot, service->verification);
  g_dbus_method_invocation_return_value (invocation,
                                         g_variant_new ("(@a{sv})",
                                                        divert_explanation_new_flow (service->snapshot, explaining)));
}

typedef struct
{
  DivertService         *service;
  GDBusMethodInvocation *invocation;
  DivertPacket           packet;
} FlowQuestion;

/* The bus doesn't know the user if the caller has gone, for instance. */
static void
on_user (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree FlowQuestion *question = user_data;
  g_autoptr(GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  guint32 uid;

  if (reply == NULL)
    refuse_flow (question->invocation);
  else
    {
      g_variant_get (reply, "(u)", &uid);
      explain_flow (question->service, question->invocation, &question->packet, uid);
    }
  divert_questions_go_on (question->service->questions);
}

/* A call that blocks would open descriptors for a loop of its own. */
static void
ask_for_user (DivertService         *service,
              GDBusMethodInvocation *invocation,
              const DivertPacket    *packet)
{
  const FlowQuestion question = { service, invocation, *packet };

  divert_questions_wait (service->questions);
  g_dbus_connection_call (service->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionUnixUser",
                          g_variant_new ("(s)", g_dbus_method_invocation_get_sender (invocation)),
                          G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, USER_TIMEOUT_MS, NULL, on_user,
                          g_memdup2 (&question, sizeof question));
}

static void
answer_explain_flow (GDBusMethodInvocation *invocation,
                     gpointer               user_data)
{
  const char *source, *address, *protocol;
  guint32 sport, port;
  DivertPacket packet;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&su&su&s)", &source, &sport, &address, &port,
                 &protocol);
  if (divert_arguments_flow (invocation, source, sport, address, port, protocol, &packet))
    ask_for_user (user_data, invocation, &packet);
}

static gboolean
on_explain_flow (DivertHelper1         *object,
                 GDBusMethodInvocation *invocation,
                 const char            *source,
                 guint                  sport,
                 const char            *address,
                 guint                  port,
                 const char            *protocol,
                 gpointer               user_data)
{
  return divert_service_put_in_line (user_data, invocation, answer_explain_flow);
}

void
divert_service_connect_explaining (DivertService *service)
{
  g_signal_connect (service->object, "handle-explain", G_CALLBACK (on_explain), service);
  g_signal_connect (service->object, "handle-explain-as", G_CALLBACK (on_explain_as), service);
  g_signal_connect (service->object, "handle-explain-from", G_CALLBACK (on_explain_from), service);
  g_signal_connect (service->object, "handle-explain-flow", G_CALLBACK (on_explain_flow), service);
}
