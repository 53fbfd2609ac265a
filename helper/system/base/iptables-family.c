/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what differs between libip4tc and libip6tc.
 *
 * libiptc is not thread-safe where it explains errors.  Nothing here asks it to.
 */
#include "iptables-family.h"

#include <netinet/in.h>
#include <stddef.h>

#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>

/* The functions that need the type of an entry. */
#define DEFINE_ENTRY_FUNCTIONS(prefix, type)                                                                          \
  static const void *prefix##_first (const char *chain, struct xtc_handle *handle)                                    \
  {                                                                                                                   \
    return prefix##_first_rule (chain, handle);                                                                       \
  }                                                                                                                   \
  static const void *prefix##_next (const void *entry, struct xtc_handle *handle)                                     \
  {                                                                                                                   \
    return prefix##_next_rule ((const type *) entry, handle);                                                         \
  }                                                                                                                   \
  static const char *prefix##_target (const void *entry, struct xtc_handle *handle)                                   \
  {                                                                                                                   \
    return prefix##_get_target ((const type *) entry, handle);                                                        \
  }                                                                                                                   \
  static int prefix##_insert (const char *chain, const void *entry, guint position, struct xtc_handle *handle)        \
  {                                                                                                                   \
    return prefix##_insert_entry (chain, (const type *) entry, position, handle);                                     \
  }

DEFINE_ENTRY_FUNCTIONS (iptc, struct ipt_entry)
DEFINE_ENTRY_FUNCTIONS (ip6tc, struct ip6t_entry)

#define FUNCTIONS(prefix)                                                                                             \
  .init = prefix##_init, .free = prefix##_free,                                                                       \
  .first_chain = prefix##_first_chain, .next_chain = prefix##_next_chain,                                             \
  .get_policy = prefix##_get_policy, .set_policy = prefix##_set_policy,                                               \
  .first_entry = prefix##_first, .next_entry = prefix##_next,                                                         \
  .get_target = prefix##_target, .insert_entry = prefix##_insert, .delete_entry = prefix##_delete_num_entry,          \
  .flush_chain = prefix##_flush_entries, .create_chain = prefix##_create_chain, .delete_chain = prefix##_delete_chain, \
  .commit = prefix##_commit

#define LAYOUT(type, ip, protocol_flag, goto_flag, in_flag, out_flag)                                                 \
  {                                                                                                                   \
    .size = sizeof (type), .source = offsetof (type, ip.src), .source_mask = offsetof (type, ip.smsk),                \
    .destination = offsetof (type, ip.dst), .destination_mask = offsetof (type, ip.dmsk),                             \
    .in_interface = offsetof (type, ip.iniface), .in_mask = offsetof (type, ip.iniface_mask),                         \
    .out_interface = offsetof (type, ip.outiface), .out_mask = offsetof (type, ip.outiface_mask),                     \
    .protocol = offsetof (type, ip.proto), .flags = offsetof (type, ip.flags),                                        \
    .inverse_flags = offsetof (type, ip.invflags), .target_offset = offsetof (type, target_offset),                   \
    .next_offset = offsetof (type, next_offset), .counters = offsetof (type, counters),                               \
    .flag_protocol = protocol_flag, .flag_goto = goto_flag, .inverse_in = in_flag, .inverse_out = out_flag,           \
  }

#define QUESTIONS(info, entries, info_type, entries_type)                                                             \
  {                                                                                                                   \
    .get_info = info, .get_entries = entries,                                                                         \
    .info_size = sizeof (info_type), .info_bytes = offsetof (info_type, size),                                        \
    .entries_header = sizeof (entries_type), .entries_bytes = offsetof (entries_type, size),                          \
  }

static const DivertIptablesFamily families[DIVERT_N_FAMILIES] = {
  [DIVERT_FAMILY_IPV4] = {
    .family = DIVERT_FAMILY_IPV4,
    .domain = AF_INET,
    .level = IPPROTO_IP,
    .get_match_revision = IPT_SO_GET_REVISION_MATCH,
    .get_target_revision = IPT_SO_GET_REVISION_TARGET,
    .module = "ip_tables",
    .names_file = "/proc/net/ip_tables_names",
    .layout = LAYOUT (struct ipt_entry, ip, 0, IPT_F_GOTO, IPT_INV_VIA_IN, IPT_INV_VIA_OUT),
    .questions = QUESTIONS (IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, struct ipt_getinfo, struct ipt_get_entries),
    FUNCTIONS (iptc),
  },
  [DIVERT_FAMILY_IPV6] = {
    .family = DIVERT_FAMILY_IPV6,
    .domain = AF_INET6,
    .level = IPPROTO_IPV6,
    .get_match_revision = IP6T_SO_GET_REVISION_MATCH,
    .get_target_revision = IP6T_SO_GET_REVISION_TARGET,
    .module = "ip6_tables",
    .names_file = "/proc/net/ip6_tables_names",
    .layout = LAYOUT (struct ip6t_entry, ipv6, IP6T_F_PROTO, IP6T_F_GOTO, IP6T_INV_VIA_IN, IP6T_INV_VIA_OUT),
    .questions = QUESTIONS (IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES, struct ip6t_getinfo, struct ip6t_get_entries),
    FUNCTIONS (ip6tc),
  },
};

/* iptables-entry.c assumes that everything up to the inverse flags is what a rule matches. */
G_STATIC_ASSERT (offsetof (struct ipt_entry, ip) == 0 && offsetof (struct ip6t_entry, ipv6) == 0);
G_STATIC_ASSERT (offsetof (struct ipt_entry, ip.invflags) < offsetof (struct ipt_entry, nfcache));
G_STATIC_ASSERT (offsetof (struct ip6t_entry, ipv6.invflags) < offsetof (struct ip6t_entry, nfcache));

/* iptables-blob.c writes the name to offset 0. */
G_STATIC_ASSERT (offsetof (struct ipt_getinfo, name) == 0 && offsetof (struct ip6t_getinfo, name) == 0);
G_STATIC_ASSERT (offsetof (struct ipt_get_entries, name) == 0 && offsetof (struct ip6t_get_entries, name) == 0);

const DivertIptablesFamily *
divert_iptables_family_get (DivertFamily family)
{
  return &families[family];
}
