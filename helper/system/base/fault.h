/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault points: positions between two kernel writes where a test can stop or kill this process, or
 * make the next step fail.  They exist only with the build option fault-points; without it they
 * compile to nothing.
 *
 * DIVERT_FAULT=NAME=ACTION names one point and what happens each time it is reached: "stop" raises
 * SIGSTOP (the test looks around and sends SIGCONT), "kill" raises SIGKILL, and "fail" makes the
 * caller behave as if its step had failed.
 */
#pragma once

#include "divert-config.h"

#include <glib.h>

G_BEGIN_DECLS

#if DIVERT_FAULT_POINTS

/* @format gives the name of the point.  TRUE: fail. */
gboolean divert_fault_point (const char *format, ...) G_GNUC_PRINTF (1, 2);

#else

#define divert_fault_point(...) (FALSE)

#endif

G_END_DECLS
