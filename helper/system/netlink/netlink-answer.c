/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: parsing the kernel's answers, its errors and their reasons.
 *
 * The data comes from the kernel, but the parser never reads beyond it: a message can be shorter
 * than its type requires, so each length in it is checked before use.
 */
#include "netlink-answer.h"

#include <errno.h>

gboolean
divert_netlink_fail (GError     **error,
                     int          code,
                     const char  *reason)
{
  if (reason != NULL)
    g_set_error (error, DIVERT_NETLINK_ERROR, code, "%s (%s)", g_strerror (code), reason);
  else
    g_set_error_literal (error, DIVERT_NETLINK_ERROR, code, g_strerror (code));
  return FALSE;
}

/* The kernel's reason, which comes after the error and (unless it was capped) the request. */
static const char *
find_reason (struct nlmsghdr *header)
{
  const struct nlmsgerr *failure = nlmsg_data (header);
  gsize offset = sizeof *failure, size = nlmsg_datalen (header);
  struct nlattr *reason;

  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0)
    return NULL;
  if ((header->nlmsg_flags & NLM_F_CAPPED) == 0)
    {
      if (failure->msg.nlmsg_len < NLMSG_HDRLEN)
        return NULL;
      /* In 64 bits, so that aligning cannot overflow. */
      offset += NLMSG_ALIGN ((gsize) failure->msg.nlmsg_len) - NLMSG_HDRLEN;
    }
  if (offset >= size)
    return NULL;
  reason = nla_find ((struct nlattr *) ((char *) nlmsg_data (header) + offset), size - offset, NLMSGERR_ATTR_MSG);
  if (reason == NULL || nla_len (reason) < 1 || ((const char *) nla_data (reason))[nla_len (reason) - 1] != '\0')
    return NULL;
  return nla_get_string (reason);
}

static gboolean
take_error (struct nlmsghdr  *header,
            GError          **error)
{
  const struct nlmsgerr *failure = nlmsg_data (header);

  if (nlmsg_datalen (header) < (int) sizeof *failure)
    return divert_netlink_fail (error, EBADMSG, NULL);
  if (failure->error >= 0)
    return TRUE;
  /* The most negative number has no positive counterpart. */
  return divert_netlink_fail (error, failure->error == G_MININT ? EBADMSG : -failure->error, find_reason (header));
}

/* A dump that failed half-way reports that at its end. */
static gboolean
take_end (struct nlmsghdr  *header,
          GError          **error)
{
  int code = nlmsg_datalen (header) >= (int) sizeof code ? *(int *) nlmsg_data (header) : 0;

  if (code >= 0)
    return TRUE;
  return divert_netlink_fail (error, code == G_MININT ? EBADMSG : -code, NULL);
}

static gboolean
take_message (DivertNetlinkAnswer  *answer,
              struct nlmsghdr      *header,
              GError              **error)
{
  answer->torn |= (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
  switch (header->nlmsg_type)
    {
    case NLMSG_NOOP:
      return TRUE;
    case NLMSG_ERROR:
      answer->done = TRUE;
      return take_error (header, error);
    case NLMSG_DONE:
      answer->done = TRUE;
      return take_end (header, error);
    default:
      if (answer->visit != NULL)
        answer->visit (header, answer->user_data);
      return TRUE;
    }
}

gboolean
divert_netlink_answer_take (DivertNetlinkAnswer  *answer,
                            char                 *datagram,
                            int                   length,
                            GError              **error)
{
  struct nlmsghdr *header = (struct nlmsghdr *) datagram;

  for (; nlmsg_ok (header, length) && !answer->done; header = nlmsg_next (header, &length))
    {
      /* Ignore what is left over from an abandoned request. */
      if (header->nlmsg_seq == answer->sequence && !take_message (answer, header, error))
        return FALSE;
    }
  return TRUE;
}
