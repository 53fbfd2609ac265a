/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the backend's tests run: a network namespace of their own with an xtables lock of its own, and hooks between
 * the backend and the kernel.
 *
 * The test program defines setsockopt() and getsockopt(), which libiptc then calls.  So writes are counted without
 * strace, and somebody else's change can be made exactly between reading and writing.
 */
#pragma once

#include "namespace.h"
#include "system/filter/iptables/iptables.h"
#include "system/filter/iptables/iptables-chains.h"
#include "system/filter/iptables/iptables-read.h"
#include "system/filter/iptables/iptables-text.h"
#include "system/filter/iptables/iptables-write.h"

G_BEGIN_DECLS

typedef enum
{
  SANDBOX_REPLACE,      /* the new rules go in */
  SANDBOX_ADD_COUNTERS, /* the old counters are put back */
} SandboxWrite;

typedef struct
{
  guint       n_replaced;  /* how often the kernel was asked to replace a table */
  guint       n_read;      /* how often the kernel was asked for the rules of a table */
  /* Called before each write.  A result other than 0 is the write's error number. */
  int       (*meddle) (SandboxWrite write, gpointer data);
  gpointer    meddle_data;
  /* A match or target that this kernel should lack, and the error number for it. */
  const char *lacking;
  int         lacking_error;
  gboolean    tableless;   /* this kernel should have no legacy tables at all */
} Sandbox;

extern Sandbox sandbox;

/* Enters a new network namespace with lo up, and resets everything above. */
void     sandbox_enter (void);
/* The lock file of this namespace. */
const char *sandbox_get_lock_file (void);
gboolean sandbox_lock_is_free (void);

/* Runs a program until it ends.  @input (or NULL) is its standard input.  Returns its output.  Aborts if it fails. */
char    *sandbox_run (const char *input, const char *program, ...) G_GNUC_NULL_TERMINATED;
/* A change by somebody who doesn't take our lock: "-t mangle -A INPUT …", separated by blanks. */
void     sandbox_meddle_with (DivertFamily family, const char *arguments);

/* The whole output of iptables-legacy-save except what changes by itself (comments), with or without counters. */
char    *sandbox_save (DivertFamily family, DivertXtTable table, gboolean counters);
/* Only the rules ("-A …"). */
char    *sandbox_save_rules (DivertFamily family, DivertXtTable table);
void     sandbox_restore (DivertFamily family, const char *text, gboolean counters);

/* The table as the kernel has it (IPT_SO_GET_ENTRIES), with counters zeroed. */
GBytes  *sandbox_read_blob (DivertFamily family, DivertXtTable table);
/* The tables that exist in the namespace, of both families: "mangle\n". */
char    *sandbox_read_names (void);

/* Sends @count datagrams to PORT of lo, with @family's loopback address. */
void     sandbox_send (DivertFamily family, guint16 port, guint count);

/* A new list of DivertXtRule, and adding a copy of @rule to its end. */
GArray  *sandbox_rules_new (void);
void     sandbox_rules_add (GArray *rules, const DivertXtRule *rule);

/* Writes @table, which must succeed.  Returns whether the kernel was written to. */
gboolean sandbox_apply (const GArray *rules, DivertXtTable table, DivertFamily family);
/* Writes @table, which must fail with @code, a DivertBackendError.  Returns the message. */
char    *sandbox_apply_fails (const GArray *rules, DivertXtTable table, DivertFamily family, int code);

G_END_DECLS
