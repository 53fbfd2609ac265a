/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two families of legacy iptables: libip4tc and libip6tc behind one table of functions, and the layout of their
 * entries.  Nothing outside iptables-family.c mentions ipt_ or ip6t_.
 */
#pragma once

#include "core/words/prefix.h"

struct xt_counters;
struct xtc_handle;

G_BEGIN_DECLS

/* Offsets in struct ipt_entry and struct ip6t_entry. */
typedef struct
{
  gsize  size;          /* an entry without matches and target */
  gsize  source, source_mask, destination, destination_mask;
  gsize  in_interface, in_mask, out_interface, out_mask;
  gsize  protocol;      /* guint16, in host order */
  gsize  flags, inverse_flags; /* guint8; what we compare ends after the latter */
  gsize  target_offset, next_offset; /* guint16 */
  gsize  counters;      /* struct xt_counters */
  guint8 flag_protocol; /* without it IPv6 matches every protocol (K1.6) */
  guint8 flag_goto;
  guint8 inverse_in, inverse_out;
} DivertIptablesLayout;

/* The two questions that make the kernel return a table.  Each begins with the table's name. */
typedef struct
{
  int   get_info, get_entries;
  gsize info_size, info_bytes;         /* size of the answer; offset of the size of the entries (guint32) */
  gsize entries_header, entries_bytes; /* size of what precedes the entries; offset where their size is repeated */
} DivertIptablesQuestions;

typedef struct
{
  DivertFamily         family;
  int                  domain;            /* AF_INET … */
  int                  level;             /* for its socket options */
  int                  get_match_revision, get_target_revision;
  const char          *module;            /* the one that a person must load */
  const char          *names_file;        /* lists the tables that exist in this network namespace */
  DivertIptablesLayout layout;
  DivertIptablesQuestions questions;

  /* libiptc's functions, with entries as plain memory.  They return 0 or NULL and set errno. */
  struct xtc_handle *(*init) (const char *table);
  void        (*free) (struct xtc_handle *handle);
  const char *(*first_chain) (struct xtc_handle *handle);
  const char *(*next_chain) (struct xtc_handle *handle);
  const char *(*get_policy) (const char *chain, struct xt_counters *counters, struct xtc_handle *handle);
  int         (*set_policy) (const char *chain, const char *policy, struct xt_counters *counters,
                             struct xtc_handle *handle);
  const void *(*first_entry) (const char *chain, struct xtc_handle *handle);
  const void *(*next_entry) (const void *entry, struct xtc_handle *handle);
  const char *(*get_target) (const void *entry, struct xtc_handle *handle);
  int         (*insert_entry) (const char *chain, const void *entry, guint position, struct xtc_handle *handle);
  int         (*delete_entry) (const char *chain, guint position, struct xtc_handle *handle);
  int         (*flush_chain) (const char *chain, struct xtc_handle *handle);
  int         (*create_chain) (const char *chain, struct xtc_handle *handle);
  int         (*delete_chain) (const char *chain, struct xtc_handle *handle);
  int         (*commit) (struct xtc_handle *handle);
} DivertIptablesFamily;

const DivertIptablesFamily *divert_iptables_family_get (DivertFamily family);

static inline guint16
divert_iptables_get_offset (const void *entry,
                            gsize       field)
{
  return *(const guint16 *) (const void *) ((const guint8 *) entry + field);
}

G_END_DECLS
