/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fence around the home intranet in a namespace, and packets to try it with. Of one family at a time.
 */
#pragma once

#include "fence-check.h"
#include "namespace.h"
#include "system/routing/fence.h"

G_BEGIN_DECLS

#define PASS_MARK 0x8

typedef struct
{
  DivertFences *fences;
  DivertFence  *closed;  /* the site's intranet, not granted */
  DivertFence  *open;    /* granted */
  DivertFence  *none;
  DivertFamily  family;
  const char   *ip;       /* the ip command for this family */
  const char   *iptables;
  const char   *intranet;
  const char   *nas;      /* a host in it, reached through the uplink */
} Fixture;

typedef struct
{
  const char *name;
  void      (*test) (Fixture *, gconstpointer);
} FenceTest;

typedef gboolean (*Write) (DivertFences *, const DivertFence *, gboolean *, GError **);

DivertFence *make_fence (Fixture *f, const char *panel, const char *gate);
void set_up (Fixture *f, gconstpointer user_data);
void tear_down (Fixture *f, gconstpointer user_data);
/* Returns whether it wrote anything. */
gboolean write_fence (Fixture *f, Write write, const DivertFence *fence);
/* Like a run. */
gboolean apply (Fixture *f, const DivertFence *fence);
char *read_all (void);
/* No fence any more, and everything is as @before (read_all). */
void assert_all_gone (Fixture *f, const char *before);
void assert_stands (const DivertFence *fence);
void assert_lacks (const DivertFence *fence, const char *what);
int connect_nas (Fixture *f, guint mark);
int connect_error (Fixture *f);
/* How many of three datagrams leave through the uplink? */
guint send_three (Fixture *f, int sock);
guint try_new (Fixture *f, guint mark);
/* What main() returns: each test for each family. */
int run_fence_tests (int argc, char **argv, const char *path, const FenceTest *tests, guint n_tests);

G_END_DECLS
