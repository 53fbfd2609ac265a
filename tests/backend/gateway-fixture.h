/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway in another namespace, with a real neighbour table in between. Each case runs for both families.
 *
 * Here the kernel gives up after 50 ms per try, not after a second.
 */
#pragma once

#include "namespace.h"
#include "system/sources/kernel/kernel.h"

G_BEGIN_DECLS

/* For events that come by themselves. A test that waits this long in vain has failed. */
#define PATIENCE_MS 30000

#define MAC_A "02:00:00:00:00:0a"
#define MAC_B "02:00:00:00:00:0b"

typedef struct
{
  DivertKernel *kernel;
  DivertFamily  family;
  const char   *ip;
  const char   *gateway;
  const char   *far_address;
  int           far;
  guint         ifindex;
  guint         n_calls;
  guint         epoch;
  /* For test_wait(). */
  DivertGatewayState wanted;
  const char   *wanted_macs;
} Fixture;

void run_far (Fixture *f, const char *command);
void plug_in (Fixture *f);
/* The link's epoch at the last look. */
guint get_epoch (Fixture *f);
/* The current state of the gateway, and its addresses as text. */
DivertGatewayState look (Fixture *f, char **ret_macs);
void expect (Fixture *f, DivertGatewayState state, const char *macs);
void ask (Fixture *f);
/* Expects nothing but @state for @ms. */
void expect_steady (Fixture *f, guint ms, DivertGatewayState state);

typedef struct
{
  const char *name;
  void      (*test) (Fixture *f, gconstpointer user_data);
} GatewayTest;

/* Runs them under /gateway. */
int run_gateway_tests (int argc, char **argv, const GatewayTest *tests, guint n_tests);

G_END_DECLS
