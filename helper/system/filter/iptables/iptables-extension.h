/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The matches and targets of x_tables that our rules use: name, revision, size, and how to convert
 * a rule's fields to the kernel's structure and back.
 */
#pragma once

#include "iptables-rule.h"

G_BEGIN_DECLS

/* The one that only a configuration with control groups needs. */
#define DIVERT_IPTABLES_CGROUP "cgroup"

typedef struct
{
  const char    *name;
  guint8         revision;
  DivertFamilies families;
  gsize          size;   /* the structure's, without alignment */
  /* Fills the structure, which is all zeros and aligned as XT_ALIGN requires. */
  void         (*fill) (const DivertXtRule *rule, void *data);
  /* The reverse.  It can be lax, because the caller fills again and compares. */
  void         (*parse) (const void *data, DivertXtRule *rule);
} DivertIptablesExtension;

typedef struct
{
  DivertIptablesExtension extension;
  gboolean              (*is_wanted) (const DivertXtRule *rule);
} DivertIptablesMatch;

typedef struct
{
  DivertIptablesExtension extension;
  DivertXtTarget            target;
} DivertIptablesTarget;

/* In the order of DivertXtRule's fields, which is also the order in the entry. */
extern const DivertIptablesMatch divert_iptables_matches[];
extern const guint divert_iptables_n_matches;
extern const DivertIptablesTarget divert_iptables_targets[];
extern const guint divert_iptables_n_targets;

/* NULL: RETURN, DROP, JUMP and GOTO do not need one. */
const DivertIptablesExtension *divert_iptables_find_target (DivertXtTarget target, DivertFamily family);
/* Finds it by what the entry says.  NULL: none of ours. */
const DivertIptablesExtension *divert_iptables_find_match (const char *name, guint8 revision, DivertFamily family);

G_END_DECLS
