/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet filter backend does, and nothing more: it makes the kernel's packet filter hold a ruleset.
 * Policy routing is not its own (run/apply.c).
 */
#pragma once

#include "core/ruleset/explain.h"

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

typedef struct
{
  guint    writes;     /* to the kernel; 0 if all was so already */
  gint64   last_write; /* when it ended, monotonic time; 0: none */
  gboolean guarded;    /* what is to be diverted is marked, and what is marked cannot leave by a wire: in each family
                        * that is wanted, whatever else has failed */
} DivertApplied;

/* Counts a write that has just ended. */
void divert_applied_add (DivertApplied *applied, gboolean wrote);

typedef struct DivertBackend DivertBackend;

typedef struct
{
  const char *name; /* "iptables" */

  /* The kernel modules that it needs (char *: names or aliases), loaded or not; free it. */
  GPtrArray *(*list_modules) (DivertBackend *self);

  /* Can this backend lay rules for @family here?  Creates nothing. */
  gboolean (*probe) (DivertBackend *self, DivertFamily family, GError **error);

  /* Makes the kernel hold @ruleset and nothing else of ours; writes only what differs.  An empty ruleset removes all
   * that is ours.  In which order is the backend's affair, as long as every state on the way is away or blocked, or
   * what was there before.  What fails in one family is none the less done in the other, which else might stay at a
   * place that was left.  @applied is added to, on failure too. */
  gboolean (*apply) (DivertBackend *self, DivertRuleset *ruleset, DivertApplied *applied, GError **error);

  /* Empties GRANTS in what is in the kernel, whoever laid it, and leaves the rest of ours as it is. */
  gboolean (*withdraw) (DivertBackend *self, GError **error);

  /* Is anything of ours in the kernel? */
  gboolean (*inspect) (DivertBackend *self, gboolean *ret_any, GError **error);

  /* Packets that the guard has dropped, both families. */
  gboolean (*count_dropped) (DivertBackend *self, guint64 *ret_packets, GError **error);

  /* What apply would lay, in the language of those who know this packet filter.  Asks nobody. */
  char    *(*to_text) (DivertBackend *self, const DivertRuleset *ruleset);
  /* Likewise @rule, one of @ruleset's, as far as it concerns @packet.  @ret_text is empty before. */
  void     (*describe) (DivertBackend *self, const DivertRuleset *ruleset, const DivertRule *rule,
                        const DivertPacket *packet, DivertRuleText *ret_text);

  void     (*free) (DivertBackend *self);
} DivertBackendClass;

struct DivertBackend
{
  const DivertBackendClass *klass;
};

void divert_backend_free (DivertBackend *backend);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertBackend, divert_backend_free)

G_END_DECLS
