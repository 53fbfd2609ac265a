/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the backend's tests run: a network namespace of their own with an xtables
 * lock of its own, and a hand between the backend and the kernel.
 *
 * The test program defines setsockopt() and getsockopt(), which libiptc then calls:
 * writes are counted without strace, and a foreign change can be made at the very
 * moment between reading and writing.
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
  guint       n_read;      /* how often for one's rules */
  /* Called before each write; what it returns, unless 0, is the write's error number. */
  int       (*meddle) (SandboxWrite write, gpointer data);
  gpointer    meddle_data;
  /* A match or target that this kernel is to lack; and the error number for it. */
  const char *lacking;
  int         lacking_error;
} Sandbox;

extern Sandbox sandbox;

/* Into a fresh network namespace with lo up; all of the above is reset. */
void     sandbox_enter (void);
/* The lock file of this namespace. */
const char *sandbox_get_lock_file (void);
gboolean sandbox_lock_is_free (void);

/* Runs a program to its end; @input (or NULL) goes to its standard input.  Returns what it wrote.
 * Aborts if it fails. */
char    *sandbox_run (const char *input, const char *program, ...) G_GNUC_NULL_TERMINATED;
/* A change of somebody's who does not take our lock: "-t mangle -A INPUT …", blanks between. */
void     sandbox_meddle_with (DivertFamily family, const char *arguments);

/* iptables-legacy-save: all of it without what changes by itself (comments); with counters or without them. */
char    *sandbox_save (DivertFamily family, DivertXtTable table, gboolean counters);
/* Only the rules ("-A …"). */
char    *sandbox_save_rules (DivertFamily family, DivertXtTable table);
void     sandbox_restore (DivertFamily family, const char *text, gboolean counters);

/* The table as the kernel holds it (IPT_SO_GET_ENTRIES), counters zeroed. */
GBytes  *sandbox_read_blob (DivertFamily family, DivertXtTable table);
/* The tables that exist in the namespace, both families: "mangle\n". */
char    *sandbox_read_names (void);

/* Sends @count datagrams to PORT of lo, with @family's loopback address. */
void     sandbox_send (DivertFamily family, guint16 port, guint count);

/* A list of DivertXtRule, and a copy of @rule at its end. */
GArray  *sandbox_rules_new (void);
void     sandbox_rules_add (GArray *rules, const DivertXtRule *rule);

/* Writes @table, and asserts success; returns whether the kernel was written to. */
gboolean sandbox_apply (const GArray *rules, DivertXtTable table, DivertFamily family);
/* Asserts failure with @code, a DivertBackendError; returns the message. */
char    *sandbox_apply_fails (const GArray *rules, DivertXtTable table, DivertFamily family, int code);

G_END_DECLS
