/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One gateway's state machine, with the test in the kernel's place: the kernel is three functions that note what they
 * are asked, and time is a number.  What takes half a minute on a network takes none.
 */
#pragma once

#include "system/sources/kernel/gateway-resolution.h"

#include <linux/neighbour.h>

G_BEGIN_DECLS

#define MS G_TIME_SPAN_MILLISECOND
/* Link-layer addresses, by their last byte. */
#define A 0x0a
#define B 0x0b

typedef struct
{
  DivertResolution *resolution;
} Fixture;

typedef struct
{
  DivertNeighbour entry;
  gboolean        refuses; /* whatever it is asked */
  GString        *log;     /* the questions it got */
} FakeKernel;

extern FakeKernel kernel;

void            set_up (Fixture *f, gconstpointer user_data);
void            tear_down (Fixture *f, gconstpointer user_data);

DivertNeighbour make_entry (guint state, guint mac);
/* The questions to the kernel since the last call. */
void            expect_asked (const char *log);
/* The state, the addresses (their last bytes), and when the next tick is due (ms; -1: never). */
void            expect (Fixture *f, DivertGatewayState state, const char *macs, gint64 next_tick);

gboolean        ask (Fixture *f, gint64 ms);
gboolean        hasten (Fixture *f, gint64 ms);
gboolean        tick (Fixture *f, gint64 ms);
/* The kernel reports its entry. */
gboolean        see (Fixture *f, gint64 ms, guint state, guint mac);
/* Asked at 0, and answered by A at 10 ms. */
void            resolve (Fixture *f);

G_END_DECLS
