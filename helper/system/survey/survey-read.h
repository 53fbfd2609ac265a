/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills in a survey from the kernel.  It reads only: nothing is loaded, created or changed, and no lock is taken.
 *
 * Reading ip rules needs no privilege.  The packet filters need CAP_NET_ADMIN; without it they count as unread.
 */
#pragma once

#include "core/doctor/survey.h"

G_BEGIN_DECLS

/* @mark: what a diverted packet has.  @destinations: DivertPrefix of full length, to which a packet with that mark is
 * supposed to go. */
DivertSurvey *divert_survey_read (guint32 mark, const GArray *destinations);
/* Only ip rules and routes, without the packet filters. */
DivertSurvey *divert_survey_read_routing (guint32 mark, const GArray *destinations);

G_END_DECLS
