/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A namespace with a veth pair, up0 and far0, and somebody who listens to the kernel there.
 */
#pragma once

#include "namespace.h"
#include "system/sources/kernel/kernel.h"

G_BEGIN_DECLS

/* For events that come by themselves.  A test that waits this long in vain has failed. */
#define KERNEL_FIXTURE_PATIENCE_MS 30000

typedef struct
{
  DivertKernel *kernel;
  guint         n_calls;
} KernelFixture;

void         kernel_fixture_set_up (KernelFixture *f, gconstpointer user_data);
void         kernel_fixture_tear_down (KernelFixture *f, gconstpointer user_data);
DivertFacts *kernel_fixture_gather (KernelFixture *f);
/* Runs until nothing comes any more. */
void         kernel_fixture_settle (KernelFixture *f);

G_END_DECLS
