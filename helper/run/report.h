/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report: what came of a run of the pipeline, as a plain value.
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
  gboolean        laid;      /* the kernel holds the decision's rules (of place OFF: none) */
  char           *place;     /* whose rules are in force: "away", "off" or a site's name */
  const char     *backend;   /* its name, static; "" if none works here */
  GPtrArray      *problems;  /* DivertProblem */
  guint           writes;    /* to the kernel, in this run */
  gint64          took;      /* µs, from the event to the last write, or to the end of the apply if there was none */
} DivertReport;

void        divert_report_free (DivertReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertReport, divert_report_free)

/* Is there anything in it that @previous (NULL: none) has not told? */
gboolean    divert_report_is_news (const DivertReport *report, const DivertReport *previous);
/* The site whose rules are in force; "" if none. */
const char *divert_report_get_site (const DivertReport *report);
/* The interface that leads there; "" if none. */
const char *divert_report_get_device (const DivertReport *report);
/* One line, and one for each problem. */
void        divert_report_log (const DivertReport *report, const char *event);

G_END_DECLS
