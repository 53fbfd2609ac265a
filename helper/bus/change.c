/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a change on its way from the call to the answer.
 *
 * While we wait for permission, somebody may be typing a password.  Only the caller blocks.  A no for any reason ends
 * the call, and nothing has changed.
 */
#include "change.h"

#include "dbus-names.h"

DivertChange *
divert_change_new (DivertService         *service,
                   GDBusMethodInvocation *invocation,
                   DivertChangeFunc       func)
{
  DivertChange *change = g_new0 (DivertChange, 1);

  change->service = service;
  change->invocation = invocation;
  change->func = func;
  service->changes++;
  return change;
}

void
divert_change_free (DivertChange *change)
{
  if (change == NULL)
    return;
  change->service->changes--;
  divert_service_stay (change->service);
  divert_mode_free (change->mode);
  g_free (change->site);
  g_free (change->uuid);
  g_free (change->digest);
  g_free (change);
}

void
divert_change_fail (DivertChange *change,
                    const char   *name,
                    const GError *error)
{
  g_autofree char *message = g_utf8_make_valid (error->message, -1);

  g_dbus_method_invocation_return_dbus_error (change->invocation, name, message);
}

void
divert_change_answer (DivertChange *change,
                      const char   *name,
                      const GError *error)
{
  if (error == NULL)
    g_dbus_method_invocation_return_value (change->invocation, NULL);
  else
    divert_change_fail (change, name, error);
}

static void
on_authorised (gboolean allowed,
               gpointer user_data)
{
  g_autoptr(DivertChange) change = user_data;

  if (!allowed)
    {
      g_dbus_method_invocation_return_dbus_error (change->invocation, DIVERT_DBUS_ERROR_NOT_AUTHORIZED,
                                                  "not authorised");
      return;
    }
  change->func (g_steal_pointer (&change));
}

void
divert_change_authorise (DivertChange       *change,
                         const char         *action,
                         const DivertDialog *dialog)
{
  divert_authority_check (change->service->authority, change->invocation, action, dialog, on_authorised, change);
}
