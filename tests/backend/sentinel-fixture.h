/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that plays the helper beside a real sentinel: it does what a letter tells it, gives it back, and does
 * nothing else.  What the sentinel does last is to name the lost links in a pipe.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  int pid;
  int letters;  /* to it and back */
  int last;     /* from its sentinel */
} SentinelHelper;

/* In a namespace with two links, up0 and up1.  Their other ends are far0 and far1. */
void sentinel_fixture_start (SentinelHelper *helper);

/* '0', '1' or '2': up0, up1 or both are watched as they are now; 'k': keeps what up0 is now, for '='; 'n': nothing is
 * watched; 't': it has tripped. */
void sentinel_fixture_tell (const SentinelHelper *helper, const char *letters);

/* The sentinel's own process, once it has begun. */
int  sentinel_fixture_get_pid (const SentinelHelper *helper);

/* Waits until both processes have ended, and returns how the helper did.  @ret_links: the links that the sentinel's
 * last act was about; 0: there was none. */
int  sentinel_fixture_finish (SentinelHelper *helper, guint ret_links[2]);

/* The same, and the sentinel has killed it because of @device.  @other: another link that it watched; NULL: none. */
void sentinel_fixture_assert_killed (SentinelHelper *helper, const char *device, const char *other);

G_END_DECLS
