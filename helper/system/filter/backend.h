/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a packet filter backend does: it makes the kernel's packet filter hold a ruleset, and
 * nothing else.  Policy routing is not its job (run/apply.c).
 */
#pragma once

#include "core/ruleset/explain.h"
#include "system/base/touched.h"

G_BEGIN_DECLS

#define DIVERT_BACKEND_ERROR (divert_backend_error_quark ())
GQuark divert_backend_error_quark (void);

typedef enum
{
  DIVERT_BACKEND_ERROR_UNAVAILABLE, /* the kernel lacks a table, match or target */
  DIVERT_BACKEND_ERROR_NO_FAMILY,   /* the kernel does not have that IP family, so nothing can leave through it */
  DIVERT_BACKEND_ERROR_PERMISSION,
  DIVERT_BACKEND_ERROR_BUSY,        /* somebody holds the lock: try again later */
  DIVERT_BACKEND_ERROR_FOREIGN,     /* a chain with one of our names belongs to somebody else */
  DIVERT_BACKEND_ERROR_REFUSED,     /* the kernel refused the rules; the message has its reason */
} DivertBackendError;

typedef struct
{
  guint    writes;     /* writes to the kernel; 0 if nothing had to change */
  gint64   last_write; /* when it ended, in monotonic time; 0: none */
  gboolean guarded;    /* in every wanted family, packets to be diverted are marked, and marked packets cannot leave
                        * by a wire, whatever else has failed */
} DivertApplied;

/* Counts a write that has just ended. */
void divert_applied_add (DivertApplied *applied, gboolean wrote);

typedef struct DivertBackend DivertBackend;

typedef struct
{
  const char *name; /* "nftables", "iptables" */
  /* Other programs flush its tables whole, so that a guard beside them is of use: guard.h. */
  gboolean    wants_guard;
  /* In a choice of backends: why the preferred one isn't used, in its own words; NULL: it is, or nobody prefers it. */
  const char *passed_over;

  /* NULL, except in a choice of backends: the configuration's backend=, and what the backend needs for it.  TRUE: it
   * was different so far, so it has to be probed anew, and what it applies next goes to the new one. */
  gboolean (*choose) (DivertBackend *self, DivertBackendKind kind, gboolean needs_cgroups);

  /* Can this backend apply rules for @family here?  Creates nothing. */
  gboolean (*probe) (DivertBackend *self, DivertFamily family, GError **error);

  /* Makes the kernel hold @ruleset and nothing else of ours; writes only what differs.  An empty ruleset
   * removes everything of ours.  The backend chooses the order, as long as every state on the way is away
   * or blocked, or what was there before.  A failure in one family does not stop the other, which might
   * otherwise stay at a place that we have left.  Adds to @applied, even on failure. */
  gboolean (*apply) (DivertBackend *self, DivertRuleset *ruleset, DivertApplied *applied, GError **error);

  /* Empties GRANTS in what is in the kernel, whoever wrote it, and leaves everything else of ours as it is. */
  gboolean (*withdraw) (DivertBackend *self, GError **error);

  /* From now on, until it is freed, calls @touched when somebody may have changed what is ours. */
  void     (*watch) (DivertBackend *self, DivertTouched touched, gpointer user_data);

  /* Which parts are no longer as the last apply left them: rules of ours are missing or changed, or there
   * are others between them.  Ignores other people's rules and all counters.  Costs little (100 µs) if
   * nothing was changed.  If not @thorough, it costs less than that, and may miss what was changed without a word to
   * @touched.  What cannot be read counts as unchanged.  Writes nothing. */
  DivertParts (*find_drift) (DivertBackend *self, gboolean thorough);

  /* Are @ruleset's rules in the kernel, and nothing else of ours?  Whoever laid them.  Reads all of them; writes
   * nothing.  NULL in a choice of backends. */
  gboolean (*holds) (DivertBackend *self, const DivertRuleset *ruleset, gboolean *ret_holds, GError **error);

  /* Is anything of ours in the kernel? */
  gboolean (*inspect) (DivertBackend *self, gboolean *ret_any, GError **error);

  /* The number of packets that the guard has dropped in both families. */
  gboolean (*count_dropped) (DivertBackend *self, guint64 *ret_packets, GError **error);

  /* What apply would write, in the language of this packet filter.  Does not ask the kernel. */
  char    *(*to_text) (DivertBackend *self, const DivertRuleset *ruleset);
  /* The same for @rule, one of @ruleset's, as far as it applies to @packet.  @ret_text must be empty before. */
  void     (*describe) (DivertBackend *self, const DivertRuleset *ruleset, const DivertRule *rule,
                        const DivertPacket *packet, DivertRuleText *ret_text);

  void     (*free) (DivertBackend *self);
} DivertBackendClass;

struct DivertBackend
{
  const DivertBackendClass *klass;
  gboolean                  needs_cgroups; /* the next rulesets compare control groups, so probe asks for that, too */
};

void divert_backend_free (DivertBackend *backend);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertBackend, divert_backend_free)

G_END_DECLS
