/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the calls that change something: each is checked, then authorised, then checked
 * again against the configuration of that later moment, then done.
 *
 * Between a call and its permission a password may be typed: nothing waits for it but
 * the caller.  A no, for whatever reason, ends the call, and nothing has changed.
 */
#include "service-private.h"

#include "arguments.h"
#include "dbus-names.h"

typedef struct Change Change;

/* Does the change; answers the caller. */
typedef void (*ChangeFunc) (Change *change);

struct Change
{
  DivertService         *service;
  GDBusMethodInvocation *invocation; /* answering it consumes it */
  ChangeFunc             func;
  DivertMode            *mode;       /* of Switch */
  gboolean               until_network_change;
  char                  *site;       /* of Trust and Forget */
  char                  *uuid;
};

static Change *
change_new (DivertService         *service,
            GDBusMethodInvocation *invocation,
            ChangeFunc             func)
{
  Change *change = g_new0 (Change, 1);

  change->service = service;
  change->invocation = invocation;
  change->func = func;
  return change;
}

static void
change_free (Change *change)
{
  divert_mode_free (change->mode);
  g_free (change->site);
  g_free (change->uuid);
  g_free (change);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Change, change_free)

static void
answer_error (Change       *change,
              const char   *name,
              const GError *error)
{
  g_dbus_method_invocation_return_dbus_error (change->invocation, name, error->message);
}

static void
on_applied (const DivertReport *report,
            gpointer            user_data)
{
  g_dbus_method_invocation_return_value (user_data, NULL);
}

/* Answers when the rules are as the change wants them. */
static void
answer_when_applied (Change     *change,
                     const char *event)
{
  divert_pipeline_refresh (change->service->pipeline, event, TRUE, on_applied, change->invocation);
}

static void
on_authorised (gboolean allowed,
               gpointer user_data)
{
  g_autoptr(Change) change = user_data;

  if (!allowed)
    {
      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_NOT_AUTHORIZED, "not authorised");
      return;
    }
  change->func (change);
}

static void
authorise (Change     *change,
           const char *action)
{
  divert_authority_check (change->service->authority, change->invocation, action, on_authorised, change);
}

static void
do_switch (Change *change)
{
  DivertPipeline *pipeline = change->service->pipeline;
  const DivertFacts *facts = divert_pipeline_get_facts (pipeline);
  g_autoptr(GError) error = NULL;

  /* The configuration may have changed while a password was typed. */
  if (change->mode->kind == DIVERT_MODE_SITE &&
      divert_config_find_site (divert_pipeline_get_config (pipeline), change->mode->site) == NULL)
    {
      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_UNKNOWN_SITE, "unknown site");
      return;
    }
  if (change->until_network_change)
    change->mode->network = facts != NULL ? divert_facts_network (facts) : g_strdup ("");
  if (!divert_pipeline_set_mode (pipeline, change->mode, &error))
    {
      answer_error (change, DIVERT_DBUS_ERROR_FAILED, error);
      return;
    }
  answer_when_applied (change, "switch");
}

/* Towards the safer state it is easy: away, and auto, which is what the administrator has configured. */
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
  DivertMode *parsed;
  Change *change;

  if (!divert_arguments_mode (invocation, divert_pipeline_get_config (service->pipeline), mode, expires, &parsed))
    return TRUE;
  change = change_new (service, invocation, do_switch);
  change->mode = parsed;
  change->until_network_change = until_network_change;
  authorise (change, switch_action (parsed));
  return TRUE;
}

static void
do_reload (Change *change)
{
  g_autoptr(GError) error = NULL;

  if (!divert_pipeline_reload (change->service->pipeline, &error))
    {
      answer_error (change, DIVERT_DBUS_ERROR_CONFIG, error);
      return;
    }
  answer_when_applied (change, "reload");
}

static gboolean
on_reload (DivertHelper1         *object,
           GDBusMethodInvocation *invocation,
           gpointer               user_data)
{
  authorise (change_new (user_data, invocation, do_reload), DIVERT_ACTION_RELOAD);
  return TRUE;
}

void
divert_service_connect_changes (DivertService *service)
{
  g_signal_connect (service->object, "handle-switch", G_CALLBACK (on_switch), service);
  g_signal_connect (service->object, "handle-reload", G_CALLBACK (on_reload), service);
}
