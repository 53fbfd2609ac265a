/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP prefixes and addresses, with one representation for both families.
 *
 * The whole program handles IPv4 and IPv6 through this type, so there is one code path.  An address
 * is a prefix of full length; an interface address (192.168.22.33/24) keeps its host bits.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DIVERT_FAMILY_IPV4,
  DIVERT_FAMILY_IPV6,
} DivertFamily;

#define DIVERT_N_FAMILIES 2

/* Sets of families, for rules and routing. */
typedef enum
{
  DIVERT_FAMILIES_NONE = 0,
  DIVERT_FAMILIES_IPV4 = 1 << DIVERT_FAMILY_IPV4,
  DIVERT_FAMILIES_IPV6 = 1 << DIVERT_FAMILY_IPV6,
  DIVERT_FAMILIES_BOTH = DIVERT_FAMILIES_IPV4 | DIVERT_FAMILIES_IPV6,
} DivertFamilies;

typedef struct
{
  DivertFamily family;
  guint8       length;     /* 0 … 32 (IPv4) or 0 … 128 (IPv6) */
  guint8       bytes[16];  /* network order; IPv4 uses the first 4, the rest is 0 */
} DivertPrefix;

#define DIVERT_PREFIX_ERROR (divert_prefix_error_quark ())
GQuark divert_prefix_error_quark (void);

typedef enum
{
  DIVERT_PREFIX_ERROR_SYNTAX,    /* not an address, or not a length */
  DIVERT_PREFIX_ERROR_HOST_BITS, /* 192.168.22.1/24: bits set beyond the length */
} DivertPrefixError;

/* The longest text of a prefix, with its NUL: "…/128". */
#define DIVERT_PREFIX_STRLEN 50

/* Bytes in an address of @family: 4 or 16. */
guint  divert_family_bytes (DivertFamily family);
/* Full prefix length in @family: 32 or 128. */
guint  divert_family_bits (DivertFamily family);
/* "IPv4" or "IPv6"; static. */
const char *divert_family_name (DivertFamily family);

/* "ADDRESS/LENGTH" or "ADDRESS" (full length).  Refuses set host bits, leading
 * and trailing blanks, IPv6 zones (%wlan0) and IPv4-mapped IPv6. */
gboolean divert_prefix_parse (const char *text, DivertPrefix *ret_prefix, GError **error);
/* The same, but keeps the host bits: an interface's address. */
gboolean divert_prefix_parse_interface (const char *text, DivertPrefix *ret_prefix, GError **error);
/* "ADDRESS" alone; the length becomes the full one. */
gboolean divert_address_parse (const char *text, DivertPrefix *ret_address, GError **error);
/* From network-order bytes (4 or 16 of them, as divert_family_bytes() says). */
DivertPrefix divert_prefix_from_bytes (DivertFamily family, const void *bytes, guint length);

/* "192.168.22.0/24"; an address of full length as "192.168.22.2". */
char  *divert_prefix_to_string (const DivertPrefix *prefix);
/* The same, but always with the length, as iptables-save prints it. */
char  *divert_prefix_to_cidr (const DivertPrefix *prefix);

/* The same prefix with its host bits cleared. */
DivertPrefix divert_prefix_network (const DivertPrefix *prefix);
/* The address alone, with full length. */
DivertPrefix divert_prefix_host (const DivertPrefix *prefix);
/* Is every address of @inner in @outer?  Ignores the host bits of both. */
gboolean divert_prefix_contains (const DivertPrefix *outer, const DivertPrefix *inner);
gboolean divert_prefix_overlaps (const DivertPrefix *a, const DivertPrefix *b);
gboolean divert_prefix_equal (const DivertPrefix *a, const DivertPrefix *b);
/* A stable order by family, then bytes, then length. */
int      divert_prefix_compare (const DivertPrefix *a, const DivertPrefix *b);
/* fe80::/10 or 169.254.0.0/16. */
gboolean divert_prefix_is_link_local (const DivertPrefix *prefix);

/* Lists are GArray of DivertPrefix. */
GArray  *divert_prefixes_new (void);
void     divert_prefixes_add (GArray *prefixes, const DivertPrefix *prefix);
GArray  *divert_prefixes_copy (const GArray *prefixes);
gboolean divert_prefixes_equal (const GArray *a, const GArray *b);
/* Does any of @a overlap any of @b? */
gboolean divert_prefixes_overlap (const GArray *a, const GArray *b);
/* Does any of @prefixes contain @inner? */
gboolean divert_prefixes_contain (const GArray *prefixes, const DivertPrefix *inner);
/* A new list, sorted by divert_prefix_compare(), without duplicates and prefixes inside others, and with
 * sibling halves joined. */
GArray  *divert_prefixes_merge (const GArray *prefixes);
/* Is each of @inner in one of @merged, a list as of divert_prefixes_merge()? */
gboolean divert_prefixes_merged_contain (const GArray *merged, const GArray *inner);
/* What is left of @prefixes without all that is in @taken: a new list, as of divert_prefixes_merge().  Costs about as
 * much as merging both. */
GArray  *divert_prefixes_without (const GArray *prefixes, const GArray *taken);
/* What is in both: likewise. */
GArray  *divert_prefixes_common (const GArray *a, const GArray *b);
/* "a;b;c" of divert_prefix_to_string(). */
char    *divert_prefixes_to_string (const GArray *prefixes);

static inline DivertPrefix *
divert_prefixes_index (const GArray *prefixes,
                       guint         i)
{
  return &g_array_index (prefixes, DivertPrefix, i);
}

/* 127.0.0.1 or ::1. */
DivertPrefix divert_prefix_loopback (DivertFamily family);

G_END_DECLS
