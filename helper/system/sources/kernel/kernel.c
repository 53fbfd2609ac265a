/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: how reading, listening and the gateways work together.
 *
 * We look at a notification for three things only: whether to look again, whether a gateway has
 * answered, and whether to forget its answer.  The last two cannot wait for the next look, which
 * would miss what has gone and come back by then.  So if notifications are lost, all answers are
 * forgotten.  At home that costs a hold of a moment.
 *
 * The kernel reports a carrier at most once a second, for all devices together
 * (net/core/link_watch.c, K4.1).  A loss shortly after another event may be reported a second late,
 * or only as the carrier's return.  So after each such event we watch the links closely until that
 * second is over.  If the kernel is kept busy by events that aren't reported here, nobody watches, but
 * the tripwire has the links asked about now and then (routing/tripwire.c).
 */
#include "kernel.h"

#include "children.h"
#include "ephemeral-ports.h"
#include "gateway.h"
#include "kernel-monitor.h"
#include "kernel-read.h"
#include "rule-order.h"

#include <linux/rtnetlink.h>
#include <unistd.h>

/* The kernel's second, and a bit more. */
#define WATCH_US (1200 * G_TIME_SPAN_MILLISECOND)
/* A look takes about 0.02 ms. */
#define WATCH_INTERVAL_MS 5

#define BRIDGE_SYSCTLS "/proc/sys/net/bridge"

struct DivertKernel
{
  DivertNetlink       *netlink;
  DivertMonitor       *monitor;
  DivertGateways      *gateways;
  DivertChildren      *children;
  guint                watch_id; /* the timer's; 0: none */
  gint64               watch_until;
  GArray              *routers;  /* DivertPrefix: the addresses of those that sites name */
  guint32              own_ports[2]; /* 0: none */
  int                  ports;    /* ip_local_port_range */
  DivertRuleOrder      order[DIVERT_N_FAMILIES];
  gboolean             reordered; /* ip rules have changed since that was read */
  DivertLookAgain      changed;
  gpointer             user_data;
  DivertKernelWitness  witness;  /* NULL: there is none */
  gpointer             witness_data;
};

/* May free the kernel. */
static void
on_changed (gpointer user_data)
{
  DivertKernel *kernel = user_data;

  kernel->changed (kernel->user_data);
}

static void
poke (gpointer user_data)
{
  DivertKernel *kernel = user_data;

  divert_monitor_poke (kernel->monitor);
}

static void
on_quieten (const GArray *quiet,
            gpointer      user_data)
{
  DivertKernel *kernel = user_data;

  divert_monitor_ignore_neighbours (kernel->monitor, divert_netlink_get_port (kernel->netlink), quiet);
}

static gboolean
on_watch (gpointer user_data)
{
  DivertKernel *kernel = user_data;
  g_autoptr(GArray) links = divert_kernel_links_read (kernel->netlink, NULL);
  gboolean changed = FALSE;

  for (guint i = 0; links != NULL && i < links->len; i++)
    changed |= divert_gateways_see_link (kernel->gateways, &g_array_index (links, DivertLinkState, i));
  if (changed)
    divert_monitor_poke (kernel->monitor);
  if (g_get_monotonic_time () < kernel->watch_until)
    return G_SOURCE_CONTINUE;
  kernel->watch_id = 0;
  return G_SOURCE_REMOVE;
}

static void
watch_closely (DivertKernel *kernel)
{
  kernel->watch_until = g_get_monotonic_time () + WATCH_US;
  if (kernel->watch_id == 0)
    kernel->watch_id = g_timeout_add_full (G_PRIORITY_HIGH, WATCH_INTERVAL_MS, on_watch, kernel, NULL);
}

static gboolean
see_link (DivertKernel    *kernel,
          struct nlmsghdr *header)
{
  DivertLinkState link;

  if (!divert_kernel_parse_link (header, &link))
    return FALSE;
  watch_closely (kernel);
  divert_children_expect (kernel->children);
  if (header->nlmsg_type == RTM_DELLINK)
    divert_gateways_lose_link (kernel->gateways, link.ifindex);
  else
    divert_gateways_see_link (kernel->gateways, &link);
  return TRUE;
}

static void
see_deleted_hop (const DivertRoute *route,
                 gpointer           user_data)
{
  DivertKernel *kernel = user_data;

  /* Only default routes in the main table count, because our own come and go, too. */
  if (route->destination.length == 0 && route->ifindex != 0)
    divert_gateways_forget (kernel->gateways, route->ifindex, 1 << route->destination.family);
}

static gboolean
is_own (const DivertKernel    *kernel,
        const struct nlmsghdr *header)
{
  return header->nlmsg_pid != 0 &&
         (header->nlmsg_pid == kernel->own_ports[0] || header->nlmsg_pid == kernel->own_ports[1]);
}

static gboolean
see (struct nlmsghdr *header,
     gpointer         user_data)
{
  DivertKernel *kernel = user_data;
  DivertLinkAddress address;

  if (header == NULL)
    {
      divert_gateways_forget (kernel->gateways, 0, DIVERT_FAMILIES_BOTH);
      divert_children_expect (kernel->children);
      kernel->reordered = TRUE;
      return TRUE;
    }
  if (kernel->witness != NULL)
    kernel->witness (header, kernel->witness_data);
  switch (header->nlmsg_type)
    {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return see_link (kernel, header);
    case RTM_DELADDR:
      if (divert_kernel_parse_address (header, &address) && address.ifindex != 0)
        divert_gateways_forget_for_address (kernel->gateways, address.ifindex, address.address.family);
      return TRUE;
    case RTM_DELROUTE:
      divert_kernel_parse_route (header, see_deleted_hop, kernel);
      return !is_own (kernel, header);
    case RTM_NEWROUTE:
      return !is_own (kernel, header);
    case RTM_NEWRULE:
    case RTM_DELRULE:
      /* The fence's rule is renewed often, in its place. */
      kernel->reordered |= !is_own (kernel, header);
      return !is_own (kernel, header);
    case RTM_NEWADDR:
      return TRUE;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      return divert_gateways_see_neighbour (kernel->gateways, header);
    }
  return FALSE;
}

DivertKernel *
divert_kernel_new (DivertLookAgain   changed,
                   gpointer          user_data,
                   GError          **error)
{
  g_autoptr(DivertKernel) kernel = g_new0 (DivertKernel, 1);

  kernel->changed = changed;
  kernel->user_data = user_data;
  kernel->ports = divert_ephemeral_ports_open ();
  kernel->reordered = TRUE;
  kernel->routers = divert_prefixes_new ();
  kernel->netlink = divert_netlink_new (NETLINK_ROUTE, error);
  if (kernel->netlink == NULL)
    return NULL;
  kernel->gateways = divert_gateways_new (kernel->netlink, poke, on_quieten, kernel);
  kernel->children = divert_children_new (kernel->netlink, poke, kernel);
  kernel->monitor = divert_monitor_new (see, on_changed, kernel, error);
  if (kernel->monitor == NULL)
    return NULL;
  return g_steal_pointer (&kernel);
}

void
divert_kernel_free (DivertKernel *kernel)
{
  if (kernel == NULL)
    return;
  g_clear_handle_id (&kernel->watch_id, g_source_remove);
  divert_monitor_free (kernel->monitor);
  divert_children_free (kernel->children);
  divert_gateways_free (kernel->gateways);
  divert_netlink_free (kernel->netlink);
  g_array_unref (kernel->routers);
  if (kernel->ports >= 0)
    close (kernel->ports);
  g_free (kernel);
}

void
divert_kernel_ignore_writers (DivertKernel *kernel,
                              guint32       port,
                              guint32       other)
{
  kernel->own_ports[0] = port;
  kernel->own_ports[1] = other;
}

void
divert_kernel_set_routers (DivertKernel *kernel,
                           const GArray *addresses)
{
  g_array_unref (kernel->routers);
  kernel->routers = divert_prefixes_copy (addresses);
}

void
divert_kernel_set_witness (DivertKernel        *kernel,
                           DivertKernelWitness  witness,
                           gpointer             user_data)
{
  kernel->witness = witness;
  kernel->witness_data = user_data;
}

/* Most runs find the rules as they were. */
static gboolean
read_order (DivertKernel  *kernel,
            DivertFacts   *facts,
            GError       **error)
{
  for (guint family = 0; kernel->reordered && family < DIVERT_N_FAMILIES; family++)
    if (!divert_rule_order_read (kernel->netlink, family, &kernel->order[family], error))
      return FALSE;
  kernel->reordered = FALSE;
  for (guint family = 0; family < DIVERT_N_FAMILIES; family++)
    facts->order[family] = kernel->order[family];
  return TRUE;
}

static gboolean
is_on (const char *path)
{
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) && text[0] == '1';
}

/* br_netfilter has a network namespace's hooks from its first bridge on (K3.15). */
static gboolean
has_bridge_frames (const GPtrArray *links)
{
  for (guint i = 0; i < links->len; i++)
    if (g_strcmp0 (((const DivertLink *) g_ptr_array_index (links, i))->kind, "bridge") == 0)
      return access (BRIDGE_SYSCTLS, F_OK) == 0;
  return FALSE;
}

gboolean
divert_kernel_gather (DivertKernel  *kernel,
                      DivertFacts   *facts,
                      GError       **error)
{
  g_autoptr(DivertKernelState) state = divert_kernel_state_read (kernel->netlink, error);

  if (state == NULL || !read_order (kernel, facts, error))
    return FALSE;
  divert_kernel_state_add_routers (state, kernel->routers);
  divert_children_read (kernel->children, state);
  divert_gateways_update (kernel->gateways, state);
  if (!divert_gateways_are_asked (kernel->gateways))
    divert_monitor_listen_to_neighbours (kernel->monitor, FALSE);

  for (guint i = 0; i < state->links->len; i++)
    {
      DivertLink *link = g_ptr_array_index (state->links, i);

      link->epoch = divert_gateways_get_epoch (kernel->gateways, link->ifindex);
    }
  g_ptr_array_unref (facts->links);
  facts->links = g_steal_pointer (&state->links);
  g_array_unref (facts->routes);
  facts->routes = g_steal_pointer (&state->routes);
  facts->bridge_frames = has_bridge_frames (facts->links);
  facts->bridge_calls = facts->bridge_frames && (is_on (BRIDGE_SYSCTLS "/bridge-nf-call-iptables") ||
                                                 is_on (BRIDGE_SYSCTLS "/bridge-nf-call-ip6tables"));
  facts->ephemeral = divert_ephemeral_ports_read (kernel->ports);
  return TRUE;
}

void
divert_kernel_resolve_gateways (DivertKernel *kernel,
                                guint         ifindex)
{
  divert_monitor_listen_to_neighbours (kernel->monitor, TRUE);
  /* Otherwise an answer from before the question could pass for the answer to it. */
  divert_monitor_drain (kernel->monitor);
  divert_gateways_ask (kernel->gateways, ifindex);
}

void
divert_kernel_distrust (DivertKernel *kernel,
                        guint         ifindex)
{
  divert_gateways_forget (kernel->gateways, ifindex, DIVERT_FAMILIES_BOTH);
}

void
divert_kernel_trust_neighbours (DivertKernel *kernel,
                                const GArray *ifindexes)
{
  divert_gateways_trust_neighbours (kernel->gateways, ifindexes);
}
