/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what Trust, Forget and Preview have in common.
 *
 * What is learned comes from the helper's own facts, never from the caller, who only names a site and a connection. The
 * gateways are asked first, so that their addresses are fresh.
 */
#include "learning.h"

#include "arguments.h"

/* The number of changes that wait for the network at which one more is refused.  They wait for about a second.  Those
 * that wait for a password may do so for minutes, and don't count. */
#define MAX_LOOKS 16

const DivertSite *
divert_learning_find_site (const DivertChange *change)
{
  return divert_config_find_site (change->service->snapshot->config, change->site);
}

DivertLearned *
divert_learning_learn (const DivertChange  *change,
                       GError             **error)
{
  return divert_trust_learn (change->service->snapshot->facts, change->uuid, change->site,
                             divert_learning_find_site (change), change->direct, error);
}

static void
on_looked (const GError *error,
           gpointer      user_data)
{
  DivertChange *change = user_data;

  change->service->looks--;
  change->looked (error, change);
}

void
divert_learning_ask_gateways (DivertChange  *change,
                              DivertOrdered  ready)
{
  change->service->looks++;
  change->looked = ready;
  divert_orders_ask_gateways (change->service->orders, "trust", on_looked, change);
}

/* Anybody may call it, and it waits for answers from the network. */
static gboolean
is_too_many (const DivertService   *service,
             GDBusMethodInvocation *invocation)
{
  if (service->looks < MAX_LOOKS)
    return FALSE;
  g_dbus_method_invocation_return_error_literal (invocation, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED,
                                                 "too many questions at once");
  return TRUE;
}

DivertChange *
divert_learning_new (DivertService         *service,
                     GDBusMethodInvocation *invocation,
                     DivertChangeFunc       func,
                     const char            *site,
                     const char            *uuid,
                     gboolean               any_connection)
{
  DivertChange *change;

  if (!divert_arguments_site (invocation, site) || !divert_arguments_uuid (invocation, uuid, any_connection))
    return NULL;
  change = divert_change_new (service, invocation, func);
  change->site = g_strdup (site);
  change->uuid = g_strdup (uuid);
  return change;
}

DivertChange *
divert_learning_new_asking (DivertService         *service,
                            GDBusMethodInvocation *invocation,
                            DivertChangeFunc       func,
                            const char            *site,
                            const char            *uuid,
                            gboolean               any_connection)
{
  return is_too_many (service, invocation) ? NULL :
         divert_learning_new (service, invocation, func, site, uuid, any_connection);
}
