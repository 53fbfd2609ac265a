/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same rulesets and packets test what each backend makes of a ruleset.
 */
#pragma once

#include "core/ruleset/explain.h"
#include "core/ruleset/walk.h"

G_BEGIN_DECLS

/* At home (DIVERT_MODE_AUTO) or away, with @n random prefixes of each family in the intranet besides the link's own. */
DivertRuleset *expansion_make_ruleset (guint n, DivertModeKind kind);
/* The same. @keys: "key=value\n", more of [divert]; @home: of the site. */
DivertRuleset *expansion_make_ruleset_with (guint n, DivertModeKind kind, const char *keys, const char *home);
/* Removes the rules that grant something. */
void           expansion_take_grants (DivertRuleset *ruleset);
/* What a site may let go besides its intranet, for @home. */
extern const char *const expansion_homes[];

/* What else makes different rules. */
typedef struct
{
  const char *divert;    /* keys of [divert]; NULL: a dns-except= that is too long to be compared one by one */
  const char *home;      /* of the site */
  const char *proxy;     /* of [proxy]; NULL: the usual ones */
  const char *listening; /* what is known of the proxy's listeners; NULL: nothing */
} ExpansionWorld;

extern const ExpansionWorld expansion_worlds[];
extern const guint expansion_n_worlds;
DivertRuleset *expansion_make_ruleset_in (guint n, DivertModeKind kind, const ExpansionWorld *world);

/* Such a key: DNS servers in those prefixes, so many that they are not compared one by one.  Free it. */
char          *expansion_make_servers (void);
/* A random packet, near the prefixes of those rulesets more often than not. */
void           expansion_make_packet (DivertPacket *packet);
/* The same, with everything that the kernel knows of it. */
void           expansion_make_sample (DivertSample *sample);
/* One that somebody else sent, perhaps from an own LAN. */
void           expansion_make_forwarded (DivertSample *sample);
/* A random type of address that @family has: DIVERT_ADDRTYPE_x, or 0. */
guint          expansion_choose_type (DivertFamily family);

G_END_DECLS
