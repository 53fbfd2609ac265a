/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two hosts with the same addresses at the other ends of two cables: "home", and "evil", the impostor. Their servers
 * are real ones (openssl), and some at home that misbehave.
 */
#pragma once

#include "private-system.h"

G_BEGIN_DECLS

#define PORT_GARBAGE 81
#define PORT_SILENCE 82
#define PORT_ABSURD 83
#define PORT_FLOOD 500 /* the first of N_FLOODS */
#define N_FLOODS 7

/* Is this process one of the servers that misbehave? It does not return then, unless it fails. */
gboolean be_misbehaving_server (int argc, char **argv, int *ret_status);

/* The hosts, and the servers: "home" has one at 443, and one at 444 that speaks TLS 1.2, and "evil" one at 443. */
void     start_hosts (void);
void     run_shell (const char *command);
GPid     spawn_server (const char *host, const char *port, const char *option);

G_END_DECLS
