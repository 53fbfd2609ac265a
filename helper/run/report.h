/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report: the result of a run of the pipeline, as a plain value.
 */
#pragma once

#include "core/place/decision.h"
#include "core/place/mode.h"
#include "core/place/problem.h"

G_BEGIN_DECLS

typedef struct
{
  DivertMode     *mode;
  DivertDecision *decision;
  gboolean        laid;      /* the kernel has the decision's rules (for place OFF: none) */
  char           *place;     /* the place whose rules are in force: "away", "off" or a site's name */
  const char     *backend;   /* the backend's name, static; "" if none works here */
  char           *backend_why; /* why the preferred backend isn't used; NULL: it is, or none is preferred */
  const char     *guard;     /* where the guard of filter/guard.h is: "nftables", "none", or "" if none is wanted */
  GPtrArray      *problems;  /* DivertProblem */
  gboolean        mended;    /* somebody had changed what is ours, so writing is no news (run/drifts.c tells of it) */
  gboolean        refed;     /* the proxy's listeners have changed; the problems tell of it */
  guint           writes;    /* writes to the kernel in this run */
  gint64          took;      /* µs, from the event to the last write, or to the end of the apply if there was none */
} DivertReport;

DivertReport *divert_report_new (void);
/* The same report for another owner, which may be another thread. */
DivertReport *divert_report_ref (const DivertReport *report);
void          divert_report_free (DivertReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertReport, divert_report_free)

/* The site whose rules are in force; "" if none. */
const char *divert_report_get_site (const DivertReport *report);
/* The interface that leads to the site; "" if none. */
const char *divert_report_get_device (const DivertReport *report);

/* What has been logged so far; all zeros at first. */
typedef struct
{
  char  *reason; /* of the last line */
  char  *proxy;  /* what it said of the listeners */
  gint64 next;   /* monotonic (µs): a line for a new reason alone has to wait until then */
} DivertNews;

/* Logs @report and informs the service manager, if it contains anything that @previous (NULL: none) has not reported.
 * The first call also tells the manager that the start is over.  Returns when to look again (monotonic); 0: no need. */
gint64      divert_news_see (DivertNews *news, const DivertReport *report, const DivertReport *previous,
                             const char *event, gint64 now);
void        divert_news_clear (DivertNews *news);

G_END_DECLS
