/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the chains of our table, and the priorities of those that are hooks, which decide who sees
 * a packet before us and who after us.  Lower is earlier.  iptables' tables are at raw -300, mangle
 * -150, nat -100 (source: 100) and filter 0; firewalld's chains come 10 after each of those.
 *
 * Theory of operation.
 *
 *   output   -130  After everybody's mangle: somebody else's mark decides whether we leave a packet alone, so it
 *                  must be there by then.  Before nat: a packet that will be redirected must not be marked
 *                  (K3.4).
 *   dns, dns-forwarded
 *            -105  Before everybody's nat, because the first redirection counts, and it must be ours.
 *   deliver    20  After everybody who checks the reverse path.  firewalld asks where the sender's address is
 *                  routed to, and would drop all diverted IPv6 if it already had the proxy's socket (K3.12).
 *                  Routing comes after this hook in any case, and nat does not look at the packet again, because
 *                  its connection is not new here.
 *   again         As early as possible: before br_netfilter, which keeps these packets from all other hooks.
 *   arrive     40  After everybody's filter, so that nothing is remembered of a packet that the firewall refuses.
 *   guard    -155  Before everybody's mangle: a mark that somebody sets on an outgoing packet, for example for a
 *                  queue, must not get it past the guard.  Before source nat, which gives other senders' packets
 *                  our address.
 *   wire        0  It sees frames, and nobody of ours comes before or after it.
 */
#include "nftables-chains.h"

#include <linux/netfilter.h>

/* The kernel's headers have it since Linux 5.16. */
#define NF_NETDEV_EGRESS 1

static const DivertNftHook hooks[] = {
  [DIVERT_HOOK_OUTPUT] = { "route", "output", NF_INET_LOCAL_OUT, -130, "mangle + 20" },
  [DIVERT_HOOK_DELIVER] = { "filter", "prerouting", NF_INET_PRE_ROUTING, 20, "filter + 20" },
  [DIVERT_HOOK_AGAIN] = { "filter", "prerouting", NF_INET_PRE_ROUTING, G_MININT32, "-2147483648" },
  [DIVERT_HOOK_ARRIVE] = { "filter", "input", NF_INET_LOCAL_IN, 40, "filter + 40" },
  [DIVERT_HOOK_GUARD] = { "filter", "postrouting", NF_INET_POST_ROUTING, -155, "mangle - 5" },
  [DIVERT_HOOK_LAN_DNS] = { "nat", "prerouting", NF_INET_PRE_ROUTING, -105, "dstnat - 5" },
  /* nft has no name for nat's priority in this hook. */
  [DIVERT_HOOK_DNS] = { "nat", "output", NF_INET_LOCAL_OUT, -105, "-105" },
  [DIVERT_HOOK_WIRE] = { "filter", "egress", NF_NETDEV_EGRESS, 0, "filter" },
};
G_STATIC_ASSERT (G_N_ELEMENTS (hooks) == DIVERT_N_HOOKS);

static const char *const comments[] = {
  [DIVERT_HOOK_OUTPUT] = "what this machine sends",
  [DIVERT_HOOK_DELIVER] = "what is diverted comes in again, by lo",
  [DIVERT_HOOK_AGAIN] = "what is diverted, and passed the chain deliver as a bridge's frame",
  [DIVERT_HOOK_ARRIVE] = "what others send to programs here",
  [DIVERT_HOOK_GUARD] = "what is about to leave by a wire",
  [DIVERT_HOOK_LAN_DNS] = "the first packet of each connection that others open",
  [DIVERT_HOOK_DNS] = "the first packet of each connection",
  [DIVERT_HOOK_WIRE] = "what is about to leave by a device that others send by as well",
  [DIVERT_CHAIN_JUDGE] = "decides what is diverted, and marks it",
  [DIVERT_CHAIN_FOREIGN] = "what has somebody else's mark",
  [DIVERT_CHAIN_DIVERTED] = "what belongs to a diverted connection",
  [DIVERT_CHAIN_PASS] = "gets past the fence what goes straight although it is for an intranet",
  [DIVERT_CHAIN_GRANTS] = "what may go straight to an intranet; empty: nothing may",
  [DIVERT_CHAIN_FENCED] = "what may, but met the fence: that swallows it until it opens",
  [DIVERT_CHAIN_NAMES_INTRANET] = "DNS that may go straight to an intranet; empty: none may",
  [DIVERT_CHAIN_NAMES] = "DNS that may go straight to anywhere else; empty: none may",
  [DIVERT_CHAIN_NAMES_LEAVING] = "DNS that those two have let go; empty: none may leave",
  [DIVERT_CHAIN_INTERNET] = "what may go straight to anywhere but an intranet; empty: nothing may",
  [DIVERT_CHAIN_FENCED_INTERNET] = "what may, but met the fence: that swallows it until it opens",
  [DIVERT_CHAIN_EXITS] = "what others send to an intranet, or mark, and may leave; empty: nothing may",
  [DIVERT_CHAIN_EXITS_INTERNET] = "what own networks send anywhere else, and may leave; empty: nothing may",
  [DIVERT_CHAIN_OWN] = "the proxy's own",
  [DIVERT_CHAIN_INTRANET] = "what else goes to an intranet",
  [DIVERT_CHAIN_STRANDED] = "what met the fence although it is for no intranet",
  [DIVERT_CHAIN_DELIVER] = "hands what is diverted to the proxy",
  [DIVERT_CHAIN_DELIVER_INTRANET] = "likewise, what goes to an intranet",
  [DIVERT_CHAIN_FORWARDED] = "what others send to an intranet",
  [DIVERT_CHAIN_LANS] = "what comes from an own network, of containers for example",
  [DIVERT_CHAIN_LAN] = "decides what of it is diverted",
  [DIVERT_CHAIN_TAKE] = "marks what of it is diverted, and refuses what cannot be",
  [DIVERT_CHAIN_SERVE] = "remembers what was sent to a program that serves, so that its answer goes straight",
  [DIVERT_CHAIN_GUARD] = "drops what was to be diverted and leaves all the same",
  [DIVERT_CHAIN_GUARD_DNS] = "likewise, DNS",
  [DIVERT_CHAIN_GUARD_NAMES] = "likewise, DNS that was let go",
  [DIVERT_CHAIN_GUARD_INTRANET] = "likewise, what goes to an intranet that we are not at",
  [DIVERT_CHAIN_GUARD_INTERNET] = "likewise, what goes to the internet where that may go straight",
  [DIVERT_CHAIN_GUARD_LANS] = "likewise, what own networks send there",
  [DIVERT_CHAIN_LAN_DNS] = "what comes from an own network",
  [DIVERT_CHAIN_LAN_REDIRECT] = "redirects its DNS to the proxy",
  [DIVERT_CHAIN_DNS] = "redirects DNS to the proxy",
  [DIVERT_CHAIN_WIRE] = "drops what those others send to an intranet that we are not at",
  [DIVERT_CHAIN_WIRE_GRANTS] = "what of it may leave; empty: nothing may",
  [DIVERT_NFT_CHAIN_REFUSE] = "the proxy does not listen: programs hear so at once",
  [DIVERT_NFT_CHAIN_STAYING] = "what stays on this machine; a refusal gets the address of what was refused",
  [DIVERT_NFT_CHAIN_GRANTED] = "what leaves for an intranet; without a grant, only the way on",
  [DIVERT_NFT_CHAIN_COVERED] = "what may leave for an intranet, judging by a prefix that covers several",
};
G_STATIC_ASSERT (G_N_ELEMENTS (comments) == DIVERT_NFT_N_CHAINS);

const DivertNftHook *
divert_nft_chain_hook (guint chain)
{
  return chain < DIVERT_N_HOOKS ? &hooks[chain] : NULL;
}

const char *
divert_nft_chain_name (guint chain)
{
  switch (chain)
    {
    case DIVERT_NFT_CHAIN_REFUSE:
      return "refuse";
    case DIVERT_NFT_CHAIN_STAYING:
      return "staying";
    case DIVERT_NFT_CHAIN_GRANTED:
      return "leaving-granted";
    case DIVERT_NFT_CHAIN_COVERED:
      return "leaving-covered";
    default:
      return divert_chain_name (chain);
    }
}

const char *
divert_nft_chain_comment (guint chain)
{
  return comments[chain];
}
