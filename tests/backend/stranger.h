/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A laptop between a proxy and a stranger.  The laptop is the test's own network namespace, with the product's rules
 * and routes.  The proxy is a process there.  The stranger is another namespace at the other end of the laptop's only
 * cable.  It has every address that the laptop talks to, and a socket that sees everything that arrives.
 *
 * Everything runs on one processor.  So what was sent first arrives first, and nothing has to wait for time to pass.
 */
#pragma once

#include "namespace.h"
#include "core/ruleset/ruleset.h"

#include <netinet/in.h>

G_BEGIN_DECLS

#define STRANGER_GID 23333

typedef enum
{
  STRANGER_NAS, /* an address in the intranet, which we are not at */
  STRANGER_WEB,
} StrangerTarget;

typedef enum
{
  STRANGER_PLANT_NOTHING,
  STRANGER_PLANT_UDP,
  STRANGER_PLANT_TCP_MD5,   /* a SYN that the kernel doesn't answer */
  STRANGER_PLANT_TCP_PLAIN,
  STRANGER_PLANT_TCP_RST,
  STRANGER_PLANT_ICMP,      /* an error about a datagram that nobody sent */
} StrangerPlant;

/* Enters a new world without rules. */
void        stranger_enter (void);
void        stranger_leave (void);

/* "nftables" or "iptables", for all rules that follow.  A table of nftables belongs to nobody here, so that anybody may
 * change it. */
void        stranger_set_backend (const char *name);

/* Installs the rules of away, with @keys in [divert].  The flows end as they do when a helper finds no rules. */
void        stranger_lay_rules (const char *keys);
/* Installs them as the helper does when somebody has removed them.  @meanwhile is called when they are there again, and
 * before the flows end that began without them. */
void        stranger_mend_rules (void (*meanwhile) (gpointer), gpointer user_data);
void        stranger_begin_proxy (void);
void        stranger_end_proxy (void);

struct sockaddr_storage stranger_address (DivertFamily family, StrangerTarget target, guint16 port);
struct sockaddr_storage stranger_laptop (DivertFamily family, guint16 port);
/* Any address. */
struct sockaddr_storage stranger_address_from_text (const char *text, guint16 port);
socklen_t   stranger_address_size (DivertFamily family);

/* Opens a socket in the stranger's world. */
int         stranger_socket (int domain, int type, int protocol);
/* Sends @plant from @target's @port to the laptop's @local_port, and returns when the laptop has received it. */
void        stranger_plant (StrangerPlant plant, DivertFamily family, StrangerTarget target, guint16 port,
                            guint16 local_port);

/* The number of packets that arrived for @target since the last call. */
guint       stranger_count (DivertFamily family, StrangerTarget target);
/* The same for the multicast or broadcast address @text. */
guint       stranger_count_to (DivertFamily family, const char *text);

/* The proxy talks to the laptop's own @local_port in @target's name. */
void        stranger_proxy_speaks (DivertFamily family, StrangerTarget target, guint16 port, guint16 local_port);

G_END_DECLS
