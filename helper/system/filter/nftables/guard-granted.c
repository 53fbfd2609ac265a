/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the elements of the guard's set of devices.
 */
#include "guard-granted.h"

#include "nftables-encode.h"

#include <linux/netfilter/nfnetlink.h>

void
divert_guard_put_granted (DivertNftBatch     *batch,
                          const DivertNftSet *set)
{
  g_autoptr(nftnl_set) none = nftnl_set_alloc ();
  g_autoptr(nftnl_set) elements = divert_nft_encode_set (DIVERT_GUARD_TABLE, set, 0, 0);

  nftnl_set_set_str (none, NFTNL_SET_TABLE, DIVERT_GUARD_TABLE);
  nftnl_set_set_str (none, NFTNL_SET_NAME, DIVERT_GUARD_GRANTED);
  /* All of them.  One that is there would keep its time if it were added again (before Linux 6.12). */
  nftnl_set_elems_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_DELSETELEM, 0, "set " DIVERT_GUARD_GRANTED),
                                       none);
  if (set->names[0] != NULL)
    nftnl_set_elems_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
                                                               "set " DIVERT_GUARD_GRANTED), elements);
}

static void
see_name (struct nlattr *element,
          GPtrArray     *names)
{
  struct nlattr *attributes[NFTA_SET_ELEM_MAX + 1], *data[NFTA_DATA_MAX + 1];

  if (nla_parse_nested (attributes, NFTA_SET_ELEM_MAX, element, NULL) == 0 && attributes[NFTA_SET_ELEM_KEY] != NULL &&
      nla_parse_nested (data, NFTA_DATA_MAX, attributes[NFTA_SET_ELEM_KEY], NULL) == 0 && data[NFTA_DATA_VALUE] != NULL)
    g_ptr_array_add (names, g_strndup (nla_data (data[NFTA_DATA_VALUE]), nla_len (data[NFTA_DATA_VALUE])));
}

void
divert_guard_see_granted (struct nlmsghdr *header,
                          gpointer         user_data)
{
  struct nlattr *elements, *element;
  int remaining;

  if (NFNL_MSG_TYPE (header->nlmsg_type) != NFT_MSG_NEWSETELEM || !nlmsg_valid_hdr (header, sizeof (struct nfgenmsg)))
    return;
  elements = nlmsg_find_attr (header, sizeof (struct nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
  if (elements != NULL)
    nla_for_each_nested (element, elements, remaining)
      see_name (element, user_data);
}

gboolean
divert_guard_read_granted (DivertNft           *nft,
                           const DivertNftSet  *wanted,
                           gboolean            *ret_same,
                           GError             **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (!divert_nft_list (nft, NFT_MSG_GETSETELEM, DIVERT_GUARD_TABLE, DIVERT_GUARD_GRANTED, divert_guard_see_granted,
                        names, error))
    return FALSE;
  *ret_same = names->len == g_strv_length (wanted->names);
  for (guint i = 0; i < names->len; i++)
    *ret_same &= g_strv_contains ((const char *const *) wanted->names, names->pdata[i]);
  return TRUE;
}
