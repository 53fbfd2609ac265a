/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the meaning of nftables' error numbers.
 */
#include "nft-failure.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "system/netlink/netlink.h"

static gboolean
is_one_of (const GError *failure,
           const int    *codes,
           guint         n_codes)
{
  for (guint i = 0; failure->domain == DIVERT_NETLINK_ERROR && i < n_codes; i++)
    if (failure->code == codes[i])
      return TRUE;
  return FALSE;
}

gboolean
divert_nft_is_absent (const GError *failure,
                      gboolean      asked)
{
  static const int codes[] = { EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT, ENOENT };

  /* EINVAL is the kernel's answer in a conversation that it has nobody for. */
  return is_one_of (failure, codes, G_N_ELEMENTS (codes)) ||
         (!asked && g_error_matches (failure, DIVERT_NETLINK_ERROR, EINVAL));
}

static DivertBackendError
classify (const GError       *failure,
          DivertBackendError  refusal)
{
  static const int passing[] = { ERESTART, EINTR, EAGAIN, ENOBUFS, EBUSY, ENOMEM, ENFILE, EMFILE };
  static const int denied[] = { EPERM, EACCES };

  if (is_one_of (failure, denied, G_N_ELEMENTS (denied)))
    return DIVERT_BACKEND_ERROR_PERMISSION;
  if (is_one_of (failure, passing, G_N_ELEMENTS (passing)))
    return DIVERT_BACKEND_ERROR_BUSY;
  return refusal;
}

gboolean
divert_nft_fail (GError             **error,
                 const GError        *failure,
                 DivertBackendError   refusal)
{
  const DivertBackendError code = classify (failure, refusal);

  if (failure->domain == DIVERT_BACKEND_ERROR)
    g_propagate_error (error, g_error_copy (failure));
  else if (code == DIVERT_BACKEND_ERROR_PERMISSION)
    g_set_error (error, DIVERT_BACKEND_ERROR, code, _("the packet filter needs CAP_NET_ADMIN and CAP_NET_RAW: '%s'"),
                 failure->message);
  else
    g_set_error (error, DIVERT_BACKEND_ERROR, code, "nftables: %s", failure->message);
  return FALSE;
}

gboolean
divert_nft_fail_to_ask (GError       **error,
                        const GError  *failure)
{
  if (!divert_nft_is_absent (failure, FALSE))
    return divert_nft_fail (error, failure, DIVERT_BACKEND_ERROR_UNAVAILABLE);
  g_set_error (error, DIVERT_BACKEND_ERROR, DIVERT_BACKEND_ERROR_UNAVAILABLE, _("the kernel has no nftables: '%s'"),
               failure->message);
  return FALSE;
}
