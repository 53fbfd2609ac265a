/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mode: what a person asked for, and until when.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DIVERT_MODE_AUTO,
  DIVERT_MODE_AWAY,
  DIVERT_MODE_OFF,
  DIVERT_MODE_SITE,
} DivertModeKind;

typedef struct
{
  DivertModeKind kind;
  char          *site;     /* for DIVERT_MODE_SITE, else NULL */
  guint64        expires;  /* seconds since the epoch, by the wall clock at the time of setting; 0: never */
  char          *boot;     /* the boot that set it; NULL: unknown, or it never ends */
  guint64        boot_end; /* when it ends within that boot: seconds since boot */
  guint64        lasts;    /* how many seconds it was set for; 0: unknown */
  char          *network;  /* it ends when divert_facts_network() differs from this; NULL: no such end */
} DivertMode;

/* The current time. */
typedef struct
{
  guint64     wall;   /* seconds since the epoch; it can be set, and may be wrong by years */
  guint64     uptime; /* seconds since boot, sleep included; only ever grows, by one a second */
  const char *boot;   /* identifies the boot */
} DivertClock;

DivertMode *divert_mode_new (DivertModeKind kind, const char *site);
/* "auto", "away", "off" or the name of a site, which need not exist in any configuration.  NULL if it
 * cannot be a name. */
DivertMode *divert_mode_parse (const char *text);
DivertMode *divert_mode_copy (const DivertMode *mode);
void        divert_mode_free (DivertMode *mode);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertMode, divert_mode_free)
gboolean    divert_mode_equal (const DivertMode *a, const DivertMode *b);
/* "auto", "away", "off" or the site's name; owned by @mode or static. */
const char *divert_mode_get_name (const DivertMode *mode);
/* Does it end by itself, at a time or with the network? */
gboolean    divert_mode_has_end (const DivertMode *mode);
/* Ends the mode at @expires by the wall clock of @now, or up to a second later; 0: never. */
void        divert_mode_set_end (DivertMode *mode, guint64 expires, const DivertClock *now);
/* Is the mode over @now, in network @network?  NULL means that the network is unknown, which does not end it. */
gboolean    divert_mode_is_over (const DivertMode *mode, const DivertClock *now, const char *network);
/* How many seconds are left at most; G_MAXUINT64 if it does not end by time. */
guint64     divert_mode_get_left (const DivertMode *mode, const DivertClock *now);
/* Its end by the current clock, in seconds since the epoch; 0: never. */
guint64     divert_mode_get_expiry (const DivertMode *mode, const DivertClock *now);

/* The form on disk: a key file with a [mode] group. */
char       *divert_mode_to_text (const DivertMode *mode);
DivertMode *divert_mode_from_text (const char *text, gsize length);

/* "90s", "30m", "2h", "1d", "1h30m"; a plain number means seconds.  Refuses 0 and more than a year. */
gboolean    divert_duration_parse (const char *text, guint64 *ret_seconds);

G_END_DECLS
