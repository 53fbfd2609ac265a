/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet filter backend does, and nothing more.  One table of one
 * ruleset at a time, because the pipeline chooses the order of the commits
 * (run/apply.c): every state in between must be away or blocked.
 */
#pragma once

#include "core/ruleset/ruleset.h"

G_BEGIN_DECLS

#define DIVERT_BACKEND_ERROR (divert_backend_error_quark ())
GQuark divert_backend_error_quark (void);

typedef enum
{
  DIVERT_BACKEND_ERROR_UNAVAILABLE, /* the kernel lacks it: table, match or target */
  DIVERT_BACKEND_ERROR_NO_FAMILY,   /* the kernel does not speak that IP family, so nothing can leave by it */
  DIVERT_BACKEND_ERROR_PERMISSION,
  DIVERT_BACKEND_ERROR_BUSY,        /* the lock is held by somebody: try again later */
  DIVERT_BACKEND_ERROR_FOREIGN,     /* a chain of our name is somebody else's */
  DIVERT_BACKEND_ERROR_REFUSED,     /* the kernel refused the rules; its reason is in the message */
} DivertBackendError;

typedef struct DivertBackend DivertBackend;

typedef struct
{
  const char *name; /* "iptables" */

  /* The kernel modules that it needs (char *: names or aliases), loaded or not; free it. */
  GPtrArray *(*list_modules) (DivertBackend *self);

  /* Can this backend lay rules for @family here?  Creates nothing. */
  gboolean (*probe) (DivertBackend *self, DivertFamily family, GError **error);

  /* Makes @table of @family hold @ruleset's rules for it and nothing else of ours: one commit, or
   * none if it is so already.  An empty ruleset removes all that is ours.
   * @ret_wrote (optional) tells whether the kernel was written to. */
  gboolean (*apply) (DivertBackend *self, const DivertRuleset *ruleset, DivertTable table, DivertFamily family,
                     gboolean *ret_wrote, GError **error);

  /* Takes away from what is in the kernel all that lets packets go straight to an intranet, whoever
   * laid it, and leaves the rest of ours as it is. */
  gboolean (*withdraw) (DivertBackend *self, GError **error);

  /* What of ours is in the kernel: iptables-save text as divert_ruleset_to_save_text() gives it. */
  char    *(*read) (DivertBackend *self, DivertTable table, DivertFamily family, GError **error);

  /* Packets that the guard has dropped, both families. */
  gboolean (*count_dropped) (DivertBackend *self, guint64 *ret_packets, GError **error);

  void     (*free) (DivertBackend *self);
} DivertBackendClass;

struct DivertBackend
{
  const DivertBackendClass *klass;
};

void divert_backend_free (DivertBackend *backend);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertBackend, divert_backend_free)

G_END_DECLS
