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
  char          *site;     /* of DIVERT_MODE_SITE, else NULL */
  guint64        expires;  /* seconds since the epoch, as the clock went when it was set; 0: never */
  char          *boot;     /* in which it was set; NULL: not known, or it never ends */
  guint64        boot_end; /* when it ends, if that is still the boot: seconds since its start */
  guint64        lasts;    /* seconds, as it was set; 0: not known */
  char          *network;  /* ends when divert_facts_network() differs from this; NULL: no such end */
} DivertMode;

/* What time it is. */
typedef struct
{
  guint64     wall;   /* seconds since the epoch: it can be set, and may be wrong by years */
  guint64     uptime; /* seconds since the boot, those of sleep too: they only ever grow by one a second */
  const char *boot;   /* names the boot */
} DivertClock;

DivertMode *divert_mode_new (DivertModeKind kind, const char *site);
/* "auto", "away", "off" or a site's name (which need not exist in any configuration). NULL if it can be none. */
DivertMode *divert_mode_parse (const char *text);
DivertMode *divert_mode_copy (const DivertMode *mode);
void        divert_mode_free (DivertMode *mode);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DivertMode, divert_mode_free)
gboolean    divert_mode_equal (const DivertMode *a, const DivertMode *b);
/* "auto", "away", "off" or the site's name; owned by @mode or static. */
const char *divert_mode_get_name (const DivertMode *mode);
/* The mode ends at @expires, by the wall clock of @now, or up to a second later; 0: never. */
void        divert_mode_set_end (DivertMode *mode, guint64 expires, const DivertClock *now);
/* Is the mode over @now, on network @network (may be NULL: unknown, not over)? */
gboolean    divert_mode_is_over (const DivertMode *mode, const DivertClock *now, const char *network);
/* How many seconds are left at most; G_MAXUINT64: it has no such end. */
guint64     divert_mode_get_left (const DivertMode *mode, const DivertClock *now);
/* When that is by the clock of now, seconds since the epoch; 0: never. */
guint64     divert_mode_get_expiry (const DivertMode *mode, const DivertClock *now);

/* The form that is kept on disk: a key file with a [mode] group. */
char       *divert_mode_to_text (const DivertMode *mode);
DivertMode *divert_mode_from_text (const char *text, gsize length);

/* "90s", "30m", "2h", "1d", "1h30m"; a plain number is seconds.  0 and more than a year are refused. */
gboolean    divert_duration_parse (const char *text, guint64 *ret_seconds);

G_END_DECLS
