/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the socket to nftables, and the questions to it.
 *
 * There is no lock between programs that write nftables.  Instead each transaction makes a new
 * generation, and one made for an older generation is refused (ERESTART).  So whoever must read
 * before writing reads the generation first, writes for that one, and starts over if refused.
 */
#include "nft-socket.h"

#include "system/netlink/netlink-answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#define TRIES 8

/* The same number in tables, chains, rules, sets and lists of elements. */
#define ATTRIBUTE_TABLE NFTA_TABLE_NAME
#define ATTRIBUTE_NAME NFTA_SET_ELEM_LIST_SET

G_STATIC_ASSERT ((int) NFTA_CHAIN_TABLE == (int) ATTRIBUTE_TABLE && (int) NFTA_RULE_TABLE == (int) ATTRIBUTE_TABLE &&
                 (int) NFTA_SET_TABLE == (int) ATTRIBUTE_TABLE &&
                 (int) NFTA_SET_ELEM_LIST_TABLE == (int) ATTRIBUTE_TABLE);
G_STATIC_ASSERT ((int) NFTA_RULE_CHAIN == (int) ATTRIBUTE_NAME && (int) NFTA_SET_NAME == (int) ATTRIBUTE_NAME);

struct DivertNft
{
  DivertNetlink *netlink;
  guint8         family; /* NFPROTO_x */
};

static DivertNft *
open_family (guint8    family,
             GError  **error)
{
  DivertNetlink *netlink = divert_netlink_new (NETLINK_NETFILTER, error);
  DivertNft *nft;

  if (netlink == NULL)
    return NULL;
  nft = g_new0 (DivertNft, 1);
  nft->netlink = netlink;
  nft->family = family;
  return nft;
}

DivertNft *
divert_nft_new (GError **error)
{
  return open_family (NFPROTO_INET, error);
}

DivertNft *
divert_nft_new_netdev (GError **error)
{
  return open_family (NFPROTO_NETDEV, error);
}

void
divert_nft_free (DivertNft *nft)
{
  if (nft == NULL)
    return;
  divert_netlink_free (nft->netlink);
  g_free (nft);
}

DivertNetlink *
divert_nft_get_netlink (DivertNft *nft)
{
  return nft->netlink;
}

static DivertNetlinkMessage *
message_new (const DivertNft *nft,
             guint8           type,
             const char      *table,
             const char      *name)
{
  const struct nfgenmsg header = { .nfgen_family = nft->family, .version = NFNETLINK_V0 };
  DivertNetlinkMessage *msg = divert_netlink_message_new (NFNL_SUBSYS_NFTABLES << 8 | type, 0, &header, sizeof header);

  if (table != NULL)
    nla_put_string (msg, ATTRIBUTE_TABLE, table);
  if (name != NULL && type == NFT_MSG_GETCHAIN)
    nla_put_string (msg, NFTA_CHAIN_NAME, name);
  else if (name != NULL)
    nla_put_string (msg, ATTRIBUTE_NAME, name);
  return msg;
}

static void
see_generation (struct nlmsghdr *header,
                gpointer         user_data)
{
  struct nlattr *attributes[NFTA_GEN_MAX + 1];
  guint32 *generation = user_data;

  if (nlmsg_parse (header, sizeof (struct nfgenmsg), attributes, NFTA_GEN_MAX, NULL) == 0)
    *generation = ntohl (divert_netlink_get_u32 (attributes[NFTA_GEN_ID], 0));
}

gboolean
divert_nft_get_generation (DivertNft  *nft,
                           guint32    *ret_generation,
                           GError    **error)
{
  g_autoptr(DivertNetlinkMessage) msg = message_new (nft, NFT_MSG_GETGEN, NULL, NULL);
  guint32 generation = 0;

  if (!divert_netlink_request (nft->netlink, msg, see_generation, &generation, error))
    return FALSE;
  if (generation == 0)
    return divert_netlink_fail (error, EBADMSG, NULL);
  *ret_generation = generation;
  return TRUE;
}

guint32
divert_nft_next_generation (guint32 generation)
{
  return generation == G_MAXUINT32 ? 1 : generation + 1;
}

gboolean
divert_nft_get (DivertNft           *nft,
                guint8               type,
                const char          *table,
                const char          *name,
                DivertNetlinkVisit   visit,
                gpointer             user_data,
                GError             **error)
{
  g_autoptr(DivertNetlinkMessage) msg = message_new (nft, type, table, name);

  return divert_netlink_request (nft->netlink, msg, visit, user_data, error);
}

typedef struct
{
  const char         *table;
  DivertNetlinkVisit  visit;
  gpointer            user_data;
} Listing;

/* The kernel ignores the table's name when it lists chains. */
static void
see_listed (struct nlmsghdr *header,
            gpointer         user_data)
{
  const Listing *listing = user_data;
  struct nlattr *table = nlmsg_find_attr (header, sizeof (struct nfgenmsg), ATTRIBUTE_TABLE);

  if (table != NULL && nla_strcmp (table, listing->table) == 0)
    listing->visit (header, listing->user_data);
}

gboolean
divert_nft_list (DivertNft           *nft,
                 guint8               type,
                 const char          *table,
                 const char          *name,
                 DivertNetlinkVisit   visit,
                 gpointer             user_data,
                 GError             **error)
{
  g_autoptr(DivertNetlinkMessage) msg = message_new (nft, type, table, name);
  Listing listing = { table, visit, user_data };
  gboolean torn;

  if (!divert_netlink_dump (nft->netlink, msg, see_listed, &listing, &torn, error))
    return FALSE;
  return !torn || divert_netlink_fail (error, EINTR, NULL);
}

static gboolean
is_passing (const GError *error)
{
  static const int passing[] = { ERESTART, EINTR, EAGAIN, ENOBUFS };

  if (error->domain != DIVERT_NETLINK_ERROR)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (passing); i++)
    if (error->code == passing[i])
      return TRUE;
  return FALSE;
}

gboolean
divert_nft_try (DivertNft         *nft,
                DivertNftAttempt   attempt,
                gpointer           user_data,
                GError           **error)
{
  for (guint i = 1;; i++)
    {
      g_autoptr(GError) failure = NULL;

      if (attempt (nft, user_data, &failure))
        return TRUE;
      if (i == TRIES || !is_passing (failure))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
}
