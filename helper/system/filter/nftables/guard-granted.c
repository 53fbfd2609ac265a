/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the elements of the guard's set of devices.
 */
#include "guard-granted.h"

#include "nftables-encode.h"

void
divert_guard_put_granted (DivertNftBatch     *batch,
                          const DivertNftSet *set)
{
  g_autoptr(nftnl_set) none = nftnl_set_alloc ();
  g_autoptr(nftnl_set) elements = divert_nft_encode_set (DIVERT_GUARD_TABLE, set, 0);

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
see_element (struct nlmsghdr *header,
             gpointer         user_data)
{
  g_autoptr(nftnl_set) set = nftnl_set_alloc ();
  GPtrArray *names = user_data;
  struct nftnl_set_elems_iter *iter;
  struct nftnl_set_elem *element;

  if (nftnl_set_elems_nlmsg_parse (header, set) < 0)
    return;
  iter = nftnl_set_elems_iter_create (set);
  while ((element = nftnl_set_elems_iter_next (iter)) != NULL)
    {
      guint32 length;
      const char *name = nftnl_set_elem_get (element, NFTNL_SET_ELEM_KEY, &length);

      g_ptr_array_add (names, g_strndup (name, length));
    }
  nftnl_set_elems_iter_destroy (iter);
}

gboolean
divert_guard_read_granted (DivertNft           *nft,
                           const DivertNftSet  *wanted,
                           gboolean            *ret_same,
                           GError             **error)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (!divert_nft_list (nft, NFT_MSG_GETSETELEM, DIVERT_GUARD_TABLE, DIVERT_GUARD_GRANTED, see_element, names, error))
    return FALSE;
  *ret_same = names->len == g_strv_length (wanted->names);
  for (guint i = 0; i < names->len; i++)
    *ret_same &= g_strv_contains ((const char *const *) wanted->names, names->pdata[i]);
  return TRUE;
}
