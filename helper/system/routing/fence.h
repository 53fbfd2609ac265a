/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing fence in the kernel.  It takes no lock, and each of these writes is one netlink message or few.
 *
 * Ours are known by the protocol number (DIVERT_ROUTE_PROTOCOL), the rule's priority and the device's name; nothing
 * else is touched.
 */
#pragma once

#include "core/ruleset/fence.h"

G_BEGIN_DECLS

typedef struct DivertFences DivertFences;

DivertFences *divert_fences_new (GError **error);
/* The fence stays. */
void          divert_fences_free (DivertFences *fences);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertFences, divert_fences_free)

/* The first write of a run: takes away the gates that @fence has not, and adds the device, panels and rules that are
 * missing; then has a panel refuse where there is no route without it.  Nothing becomes reachable by it.  What fails in
 * one family is still done in the other.  @ret_wrote (optional) is set on failure, too. */
gboolean      divert_fences_close (DivertFences *fences, const DivertFence *fence, gboolean *ret_wrote, GError **error);
/* The last write of a run: adds the gates of @fence, and takes away the rules, panels and (for an empty fence) the
 * device that it has not.  To be called behind divert_fences_close() with the same @fence. */
gboolean      divert_fences_open (DivertFences *fences, const DivertFence *fence, gboolean *ret_wrote, GError **error);
/* Takes away all gates, whatever fence they belong to: nothing is granted any more.  Needs no configuration. */
gboolean      divert_fences_withdraw (DivertFences *fences, GError **error);

G_END_DECLS
