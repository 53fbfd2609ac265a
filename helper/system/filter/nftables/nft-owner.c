/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: whether our tables belong to our sockets, and to whom one belongs instead, and writes to them.
 *
 * Theory of operation.  A table with the flag "owner" belongs to the socket that created it.  Writes through any other
 * socket are refused (EPERM), and whoever flushes everything passes it over.  It used to end with its socket, and then
 * a helper that dies would have left nothing.  With "persist" (Linux 6.9) it stays, and belongs to nobody: anybody can
 * change it, the program that revokes a dead helper's grants can, and the next helper makes it its own again.  A table
 * that was created without these flags can't get them, so it is replaced, at one moment.
 *
 * The owner is known by the socket's port.  So in the process of the helper, too, only the socket that owns a table can
 * write to it.
 */
#include "nft-owner.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "system/base/touched.h"
#include "system/filter/backend.h"

#define PROBE_TABLE "nm-divert-probe"

/* A table that is only checked, not created.  The kernel waits for all of its processors before it forgets one again,
 * some 10 ms, so this is asked once in a process. */
static gboolean
can_own (DivertNft  *nft,
         GError    **error)
{
  g_autoptr(DivertNftBatch) batch = divert_nft_batch_new ();
  g_autoptr(nftnl_table) table = divert_nft_encode_table (PROBE_TABLE, DIVERT_NFT_OWNED);

  nftnl_table_nlmsg_build_payload (divert_nft_batch_add (batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, "table " PROBE_TABLE),
                                   table);
  return divert_nft_batch_check (batch, nft, error);
}

guint32
divert_nft_owner_get (DivertNft *nft)
{
  static enum { NOT_ASKED, YES, NO } answer = NOT_ASKED;
  g_autoptr(GError) error = NULL;

  if (answer == NOT_ASKED && can_own (nft, &error))
    answer = YES;
  else if (g_error_matches (error, DIVERT_NETLINK_ERROR, EOPNOTSUPP) ||
           g_error_matches (error, DIVERT_NETLINK_ERROR, EINVAL))
    answer = NO;
  return answer == YES ? divert_netlink_get_port (divert_nft_get_netlink (nft)) : 0;
}

gboolean
divert_nft_owner_permits (DivertNft             *nft,
                          const DivertNftState  *state,
                          const char            *table,
                          GError               **error)
{
  DivertProgram program;

  if (state->owner == 0 || state->owner == divert_netlink_get_port (divert_nft_get_netlink (nft)))
    return TRUE;
  if (divert_program_find_by_port (state->owner, &program))
    g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN,
                 _("nftables lets only process %u ('%s') change the table %s; end that program first"),
                 program.pid, program.name, table);
  else
    g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_FOREIGN,
                 _("nftables lets only the program that created it change the table %s; end that program first"),
                 table);
  return FALSE;
}

gboolean
divert_nft_owner_commit (DivertNftBatch        *batch,
                         DivertNft             *nft,
                         const DivertNftState  *state,
                         const char            *table,
                         const char            *point,
                         guint32               *generation,
                         gboolean              *ret_wrote,
                         GError               **error)
{
  if (divert_nft_batch_length (batch) == 0)
    {
      *ret_wrote = FALSE;
      return TRUE;
    }
  if (!divert_nft_owner_permits (nft, state, table, error) ||
      !divert_nft_batch_commit_at (batch, nft, *generation, point, error))
    return FALSE;
  *generation = divert_nft_next_generation (*generation);
  *ret_wrote = TRUE;
  return TRUE;
}
