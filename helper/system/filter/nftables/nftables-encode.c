/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: our table with its chains, sets and rules as libnftnl's objects, with the digests in their user data.
 */
#include "nftables-encode.h"

#include "nftables-chains.h"

#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>

/* The type of our entry in an object's user data.  nft does not use it, and skips what it does not know. */
#define USER_DATA_DIGEST 0xd5

/* The kernel does not interpret this user data; nft uses these numbers to know the type of a set. */
#define NFT_TYPE_IPV4 7
#define NFT_TYPE_IPV6 8
#define NFT_TYPE_PROTOCOL 12
#define NFT_TYPE_ADDRTYPE 38
#define NFT_TYPE_INTERFACE 41
/* Without this word, nft reads a name backwards. */
#define NFT_HOST_ORDER 1

static const char table_comment[] = "nm-divert's own: it changes this by itself";

static const struct
{
  guint32 type;
  guint32 length;
} set_keys[] = {
  [DIVERT_NFT_SET_IPV4] = { NFT_TYPE_IPV4, 4 },
  [DIVERT_NFT_SET_IPV6] = { NFT_TYPE_IPV6, 16 },
  [DIVERT_NFT_SET_PROTOCOLS] = { NFT_TYPE_PROTOCOL, 1 },
  [DIVERT_NFT_SET_ADDRTYPES] = { NFT_TYPE_ADDRTYPE, 4 },
  [DIVERT_NFT_SET_INTERFACES] = { NFT_TYPE_INTERFACE, IFNAMSIZ },
};

/* The value of the entry @type in an object's user data, whoever wrote that.  NULL: there is none of @size. */
static gconstpointer
find_entry (gconstpointer user_data,
            gsize         length,
            guint8        type,
            gsize         size)
{
  const guint8 *entry = user_data, *end = entry + length;

  for (; end - entry >= 2 && end - entry >= 2 + entry[1]; entry += 2 + entry[1])
    if (entry[0] == type && entry[1] == size)
      return entry + 2;
  return NULL;
}

DivertNftDigest
divert_nft_digest_find (gconstpointer user_data,
                        guint32       length)
{
  gconstpointer entry = find_entry (user_data, length, USER_DATA_DIGEST, sizeof (DivertNftDigest));
  DivertNftDigest found = 0;

  if (entry != NULL)
    memcpy (&found, entry, sizeof found);
  return found;
}

gboolean
divert_nft_is_our_table (gconstpointer user_data,
                         guint32       length)
{
  gconstpointer comment = find_entry (user_data, length, NFTNL_UDATA_TABLE_COMMENT, sizeof table_comment);

  return divert_nft_digest_find (user_data, length) != 0 ||
         (comment != NULL && memcmp (comment, table_comment, sizeof table_comment) == 0);
}

/* Free it. */
static struct nftnl_udata_buf *
make_user_data (const char      *comment,
                DivertNftDigest  value)
{
  struct nftnl_udata_buf *buffer = nftnl_udata_buf_alloc (NFT_USERDATA_MAXLEN);

  g_assert (buffer != NULL);
  if (comment != NULL)
    nftnl_udata_put_strz (buffer, NFTNL_UDATA_RULE_COMMENT, comment);
  nftnl_udata_put (buffer, USER_DATA_DIGEST, sizeof value, &value);
  return buffer;
}

struct nftnl_table *
divert_nft_encode_table (const char *name,
                         guint32     flags)
{
  struct nftnl_table *table = nftnl_table_alloc ();
  struct nftnl_udata_buf *user_data = make_user_data (table_comment, divert_nft_digest_text (table_comment));

  nftnl_table_set_str (table, NFTNL_TABLE_NAME, name);
  nftnl_table_set_u32 (table, NFTNL_TABLE_FLAGS, flags);
  nftnl_table_set_data (table, NFTNL_TABLE_USERDATA, nftnl_udata_buf_data (user_data),
                        nftnl_udata_buf_len (user_data));
  nftnl_udata_buf_free (user_data);
  return table;
}

static void
add_devices (struct nftnl_chain   *chain,
             const DivertNftTable *table)
{
  g_autofree const char **names = g_new0 (const char *, table->devices->len + 1);

  memcpy (names, table->devices->pdata, table->devices->len * sizeof *names);
  nftnl_chain_set_array (chain, NFTNL_CHAIN_DEVICES, names);
}

struct nftnl_chain *
divert_nft_encode_chain (const DivertNftTable *table,
                         guint                 chain)
{
  const DivertNftHook *hook = divert_nft_chain_hook (chain);
  struct nftnl_chain *encoded = nftnl_chain_alloc ();
  struct nftnl_udata_buf *user_data = make_user_data (divert_nft_chain_comment (chain),
                                                      divert_nft_digest_chain (table, chain));

  nftnl_chain_set_str (encoded, NFTNL_CHAIN_TABLE, table->name);
  nftnl_chain_set_str (encoded, NFTNL_CHAIN_NAME, divert_nft_chain_name (chain));
  nftnl_chain_set_data (encoded, NFTNL_CHAIN_USERDATA, nftnl_udata_buf_data (user_data),
                        nftnl_udata_buf_len (user_data));
  nftnl_udata_buf_free (user_data);
  if (hook == NULL)
    return encoded;
  nftnl_chain_set_str (encoded, NFTNL_CHAIN_TYPE, hook->type);
  nftnl_chain_set_u32 (encoded, NFTNL_CHAIN_HOOKNUM, hook->number);
  nftnl_chain_set_s32 (encoded, NFTNL_CHAIN_PRIO, hook->priority);
  nftnl_chain_set_u32 (encoded, NFTNL_CHAIN_POLICY, NF_ACCEPT);
  if (chain == DIVERT_HOOK_WIRE)
    add_devices (encoded, table);
  return encoded;
}

struct nftnl_rule *
divert_nft_encode_rule (const char    *table,
                        DivertNftRule *rule)
{
  struct nftnl_rule *encoded = nftnl_rule_alloc ();
  struct nftnl_udata_buf *user_data = make_user_data (rule->comment, divert_nft_digest_rule (rule));

  nftnl_rule_set_str (encoded, NFTNL_RULE_TABLE, table);
  nftnl_rule_set_str (encoded, NFTNL_RULE_CHAIN, divert_nft_chain_name (rule->chain));
  nftnl_rule_set_data (encoded, NFTNL_RULE_USERDATA, nftnl_udata_buf_data (user_data),
                       nftnl_udata_buf_len (user_data));
  nftnl_udata_buf_free (user_data);
  for (guint i = 0; i < rule->exprs->len; i++)
    divert_nft_encode_expr (encoded, divert_nft_rule_index (rule, i));
  return encoded;
}

static void
add_element (struct nftnl_set *set,
             gconstpointer     key,
             guint             length,
             gboolean          is_end)
{
  struct nftnl_set_elem *element = nftnl_set_elem_alloc ();

  nftnl_set_elem_set (element, NFTNL_SET_ELEM_KEY, key, length);
  if (is_end)
    nftnl_set_elem_set_u32 (element, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
  nftnl_set_elem_add (set, element);
}

/* The first address after @prefix.  FALSE: @prefix includes the very last one. */
static gboolean
find_end (const DivertPrefix *prefix,
          guint8             *ret_end)
{
  memcpy (ret_end, prefix->bytes, sizeof prefix->bytes);
  for (guint bit = prefix->length; bit > 0; bit--)
    {
      guint8 *byte = &ret_end[(bit - 1) / 8];
      const guint8 mask = 0x80 >> (bit - 1) % 8;

      *byte ^= mask;
      if ((*byte & mask) != 0)
        return TRUE;
    }
  return FALSE;
}

static void
add_prefixes (struct nftnl_set *set,
              const GArray     *prefixes,
              guint             first,
              guint             length,
              gboolean          is_intervals)
{
  for (guint i = first; i < MIN (first + DIVERT_NFT_PREFIXES_AT_ONCE, prefixes->len); i++)
    {
      const DivertPrefix *prefix = divert_prefixes_index (prefixes, i);
      guint8 end[sizeof prefix->bytes];

      add_element (set, prefix->bytes, length, FALSE);
      if (is_intervals && find_end (prefix, end))
        add_element (set, end, length, TRUE);
    }
}

static void
add_interfaces (struct nftnl_set   *set,
                const DivertNftSet *interfaces)
{
  struct nftnl_udata_buf *user_data = nftnl_udata_buf_alloc (NFT_USERDATA_MAXLEN);

  nftnl_udata_put_u32 (user_data, NFTNL_UDATA_SET_KEYBYTEORDER, NFT_HOST_ORDER);
  nftnl_set_set_data (set, NFTNL_SET_USERDATA, nftnl_udata_buf_data (user_data), nftnl_udata_buf_len (user_data));
  nftnl_udata_buf_free (user_data);
  for (guint i = 0; interfaces->names[i] != NULL; i++)
    {
      struct nftnl_set_elem *element = nftnl_set_elem_alloc ();
      char name[IFNAMSIZ] = "";

      g_strlcpy (name, interfaces->names[i], sizeof name);
      nftnl_set_elem_set (element, NFTNL_SET_ELEM_KEY, name, sizeof name);
      if (interfaces->lifetime_ms > 0)
        nftnl_set_elem_set_u64 (element, NFTNL_SET_ELEM_TIMEOUT, interfaces->lifetime_ms);
      nftnl_set_elem_add (set, element);
    }
}

static guint32
get_flags (const DivertNftSet *set)
{
  if (set->names != NULL)
    return NFT_SET_TIMEOUT;
  return NFT_SET_CONSTANT | (set->prefixes != NULL && set->length == 0 ? NFT_SET_INTERVAL : 0);
}

static void
add_bits (struct nftnl_set *set,
          guint             bits,
          guint             length)
{
  for (guint32 i = 0; i < 32; i++)
    {
      const guint8 byte = i;

      if ((bits & (1u << i)) != 0)
        add_element (set, length == 1 ? (gconstpointer) &byte : &i, length, FALSE);
    }
}

struct nftnl_set *
divert_nft_encode_set (const char         *table,
                       const DivertNftSet *set,
                       guint               first,
                       guint32             id)
{
  struct nftnl_set *encoded = nftnl_set_alloc ();
  const guint length = set_keys[set->type].length;

  nftnl_set_set_str (encoded, NFTNL_SET_TABLE, table);
  nftnl_set_set_str (encoded, NFTNL_SET_NAME, set->name);
  nftnl_set_set_u32 (encoded, NFTNL_SET_ID, id);
  nftnl_set_set_u32 (encoded, NFTNL_SET_FLAGS, get_flags (set));
  nftnl_set_set_u32 (encoded, NFTNL_SET_KEY_TYPE, set_keys[set->type].type);
  nftnl_set_set_u32 (encoded, NFTNL_SET_KEY_LEN, length);
  /* It chooses the faster kind of hash table if it knows the size. */
  if (set->length != 0)
    nftnl_set_set_u32 (encoded, NFTNL_SET_DESC_SIZE, set->prefixes->len);
  if (set->names != NULL)
    add_interfaces (encoded, set);
  else if (set->prefixes != NULL)
    add_prefixes (encoded, set->prefixes, first, length, set->length == 0);
  else
    add_bits (encoded, set->bits, length);
  return encoded;
}
