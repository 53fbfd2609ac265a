/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in a row, more than fit into one datagram: which of them the kernel has refused.
 */
#include "namespace.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include "system/netlink/netlink-batch.h"

#define TABLE 2234
#define ROUTES 150
/* In the first datagram and in the second. */
static const guint missing[] = { 5, 70 };

typedef struct
{
  guint16 type;
  guint8  third; /* byte of the destination */
  int     code;
} Refusal;

static void
put (DivertNetlinkBatch *batch,
     int                 type,
     int                 flags,
     guint8              third)
{
  const struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 24, .rtm_protocol = RTPROT_STATIC,
                               .rtm_scope = RT_SCOPE_LINK, .rtm_type = RTN_UNICAST };
  const guint8 destination[] = { 10, 9, third, 0 };

  divert_netlink_batch_begin (batch, type, flags, &route, sizeof route);
  divert_netlink_batch_put (batch, RTA_DST, destination, sizeof destination);
  divert_netlink_batch_put_u32 (batch, RTA_TABLE, TABLE);
  divert_netlink_batch_put_u32 (batch, RTA_OIF, 1);
}

static void
on_refused (const struct nlmsghdr *request,
            const GError          *error,
            gpointer               user_data)
{
  struct nlattr *destination = nlmsg_find_attr ((struct nlmsghdr *) request, sizeof (struct rtmsg), RTA_DST);
  Refusal refusal = { request->nlmsg_type, ((const guint8 *) nla_data (destination))[2], error->code };

  g_array_append_val ((GArray *) user_data, refusal);
}

static void
assert_refusal (const GArray *refusals,
                guint         i,
                guint16       type,
                guint8        third,
                int           code)
{
  const Refusal *refusal = &g_array_index (refusals, Refusal, i);

  g_assert_cmpuint (refusal->type, ==, type);
  g_assert_cmpuint (refusal->third, ==, third);
  g_assert_cmpint (refusal->code, ==, code);
}

static guint
count_routes (void)
{
  g_autofree char *routes = test_output ("ip route show table %u", TABLE);

  return test_count (routes, "10.9.");
}

static void
test_refusals (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) refusals = g_array_new (FALSE, FALSE, sizeof (Refusal));
  g_autoptr(DivertNetlinkBatch) additions = divert_netlink_batch_new ();
  g_autoptr(DivertNetlinkBatch) deletions = divert_netlink_batch_new ();
  g_autoptr(DivertNetlink) netlink = NULL;

  test_namespace_enter ();
  netlink = divert_netlink_new (NETLINK_ROUTE, &error);
  g_assert_no_error (error);
  /* None at all. */
  g_assert_true (divert_netlink_batch_send (additions, netlink, on_refused, refusals, &error));
  for (guint i = 0; i < ROUTES; i++)
    if (i != missing[0] && i != missing[1])
      put (additions, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, i);
  g_assert_true (divert_netlink_batch_send (additions, netlink, on_refused, refusals, &error));
  g_assert_cmpuint (refusals->len, ==, 0);
  g_assert_cmpuint (count_routes (), ==, ROUTES - G_N_ELEMENTS (missing));

  for (guint i = 0; i < ROUTES - 1; i++)
    put (deletions, RTM_DELROUTE, 0, i);
  /* The last one, which also asks for the acknowledgement. */
  put (deletions, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, ROUTES - 1);
  g_assert_cmpuint (divert_netlink_batch_get_length (deletions), ==, ROUTES);
  g_assert_true (divert_netlink_batch_send (deletions, netlink, on_refused, refusals, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (refusals->len, ==, 3);
  assert_refusal (refusals, 0, RTM_DELROUTE, missing[0], ESRCH);
  assert_refusal (refusals, 1, RTM_DELROUTE, missing[1], ESRCH);
  assert_refusal (refusals, 2, RTM_NEWROUTE, ROUTES - 1, EEXIST);
  g_assert_cmpuint (count_routes (), ==, 1);

  /* Filled again. */
  divert_netlink_batch_clear (deletions);
  put (deletions, RTM_DELROUTE, 0, ROUTES - 1);
  g_assert_true (divert_netlink_batch_send (deletions, netlink, on_refused, refusals, &error));
  g_assert_cmpuint (refusals->len, ==, 3);
  g_assert_cmpuint (count_routes (), ==, 0);
}

/* What is ready is sent more than once. */
static void
test_prepared (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(DivertNetlinkBatch) additions = divert_netlink_batch_new ();
  g_autoptr(DivertNetlink) netlink = NULL;

  test_namespace_enter ();
  netlink = divert_netlink_new (NETLINK_ROUTE, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < ROUTES; i++)
    put (additions, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, i);
  divert_netlink_batch_prepare (additions, netlink);
  for (guint i = 0; i < 3; i++)
    {
      test_run ("ip route flush table %u 2>/dev/null || true", TABLE);
      divert_netlink_batch_send_prepared (additions, netlink);
      g_assert_cmpuint (count_routes (), ==, ROUTES);
    }
}

int
main (int    argc,
      char **argv)
{
  test_needs ("ip", NULL);
  test_needs_namespaces ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/netlink-batch/refusals", test_refusals);
  g_test_add_func ("/netlink-batch/prepared", test_prepared);
  return g_test_run ();
}
