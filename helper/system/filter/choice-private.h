/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backends to choose from, and the choice among them.
 */
#pragma once

#include "backend.h"

G_BEGIN_DECLS

#define DIVERT_CHOICE_N 2

typedef struct
{
  DivertBackend       parent;
  DivertBackendClass  klass;                     /* the parent's, but with the chosen one's name and wishes */
  DivertBackend      *backends[DIVERT_CHOICE_N]; /* the best one first */
  DivertBackendKind   kinds[DIVERT_CHOICE_N];
  DivertBackendKind   kind;                      /* that is asked for */
  guint               chosen;
  char               *passed_over;               /* the parent class's */
  gboolean            settled;                   /* @chosen is not to be asked for again */
  guint               n_busy;                    /* how often in a row the kernel had no time to answer for the first */
  gboolean            alone;                     /* the others are known to be empty */
  DivertTouched       touched;                   /* NULL: nobody wants to know */
  gpointer            touched_data;
} DivertChoice;

void     divert_choice_take (DivertChoice *self, guint chosen);
/* Takes the best one, unless that has been done before. */
void     divert_choice_settle (DivertChoice *self);
/* Was the best one passed over only because the kernel was busy? */
gboolean divert_choice_should_ask (const DivertChoice *self);

G_END_DECLS
