/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what becomes of what was laid: others change it, and a link is lost on which it rests.
 */
#include "laying-private.h"

#include "system/routing/loss.h"

void
divert_laying_watch (DivertLaying  *laying,
                     DivertTouched  touched,
                     gpointer       user_data)
{
  laying->touched = touched;
  laying->touched_data = user_data;
  laying->backend->klass->watch (laying->backend, touched, user_data);
}

DivertParts
divert_laying_find_drift (DivertLaying *laying,
                          gboolean      thorough)
{
  return laying->backend->klass->find_drift (laying->backend, thorough) |
         (divert_guard_find_drift (laying->guard) ? 1u << DIVERT_PART_GUARD : 0) |
         (divert_wire_find_drift (laying->wire) ? 1u << DIVERT_PART_WIRE : 0);
}

/* In the tripwire's thread. */
static void
drop_waiting (guint    ifindex,
              gpointer user_data)
{
  DivertLaying *laying = user_data;
  guint dropped;

  divert_waiting_packets_drop (laying->packets, ifindex, &dropped, NULL);
}

void
divert_laying_set_tripwire (DivertLaying    *laying,
                            DivertSentinel  *sentinel,
                            DivertLookAgain  tripped,
                            gpointer         user_data)
{
  g_autoptr(GError) error = NULL;
  DivertTripwire *wire = divert_tripwire_new (&divert_tripwire_limits, drop_waiting, laying, tripped, user_data,
                                              &error);

  if (wire == NULL)
    g_warning ("the main loop alone closes the fence: %s", error->message);
  divert_tripwire_set_sentinel (wire, sentinel);
  divert_fences_set_tripwire (laying->fences, wire);
}

void
divert_laying_look_at_links (DivertLaying *laying)
{
  divert_fences_look_at_links (laying->fences);
}

void
divert_laying_settle (DivertLaying *laying)
{
  divert_fences_settle (laying->fences);
}

guint32
divert_laying_get_port (const DivertLaying *laying)
{
  return divert_fences_get_port (laying->fences);
}

guint32
divert_laying_get_wire_port (const DivertLaying *laying)
{
  return divert_fences_get_wire_port (laying->fences);
}

DivertParts
divert_laying_take_drift (DivertLaying *laying)
{
  return divert_routes_take_drift (laying->routes) | divert_fences_take_drift (laying->fences);
}

gboolean
divert_laying_is_loss (const DivertLaying *laying,
                       struct nlmsghdr    *header)
{
  return header->nlmsg_pid != divert_routes_get_port (laying->routes) &&
         header->nlmsg_pid != divert_fences_get_port (laying->fences) &&
         header->nlmsg_pid != divert_fences_get_wire_port (laying->fences) && divert_loss_is_ours (header);
}
