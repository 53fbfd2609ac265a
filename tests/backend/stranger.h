/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A laptop between a proxy and a stranger.  The laptop is the test's own network namespace, with the product's rules
 * and routes; the proxy is a process there; the stranger is another namespace, behind the laptop's one wire, which has
 * every address that the laptop speaks to, and a socket that sees what arrives.
 *
 * All runs on one processor, so that what was sent first arrives first: nothing waits for time to pass.
 */
#pragma once

#include "namespace.h"
#include "core/ruleset/ruleset.h"

#include <netinet/in.h>

G_BEGIN_DECLS

#define STRANGER_GID 23333

typedef enum
{
  STRANGER_NAS, /* an address of the intranet, which we are not at */
  STRANGER_WEB,
} StrangerTarget;

typedef enum
{
  STRANGER_PLANT_NOTHING,
  STRANGER_PLANT_UDP,
  STRANGER_PLANT_TCP_MD5,   /* a SYN that the kernel does not answer */
  STRANGER_PLANT_TCP_PLAIN,
  STRANGER_PLANT_TCP_RST,
  STRANGER_PLANT_ICMP,      /* an error about a datagram that nobody sent */
} StrangerPlant;

/* A new world without rules. */
void        stranger_enter (void);
void        stranger_leave (void);

/* Away, with [divert]'s @keys.  The flows are what a helper makes of them that finds no rules. */
void        stranger_lay_rules (const char *keys);
void        stranger_begin_proxy (void);
void        stranger_end_proxy (void);

struct sockaddr_storage stranger_address (DivertFamily family, StrangerTarget target, guint16 port);
struct sockaddr_storage stranger_laptop (DivertFamily family, guint16 port);
/* Any address. */
struct sockaddr_storage stranger_address_from_text (const char *text, guint16 port);
socklen_t   stranger_address_size (DivertFamily family);

/* A socket of the stranger's world. */
int         stranger_socket (int domain, int type, int protocol);
/* Sends what @plant says from @target's @port to the laptop's @local_port, and returns when the laptop has had it. */
void        stranger_plant (StrangerPlant plant, DivertFamily family, StrangerTarget target, guint16 port,
                            guint16 local_port);

/* What arrived for @target since the last time. */
guint       stranger_count (DivertFamily family, StrangerTarget target);
/* Likewise, for the multicast or broadcast address @text. */
guint       stranger_count_to (DivertFamily family, const char *text);

/* The proxy speaks to the laptop's own @local_port in @target's name. */
void        stranger_proxy_speaks (DivertFamily family, StrangerTarget target, guint16 port, guint16 local_port);

G_END_DECLS
