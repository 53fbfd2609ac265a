/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A system of the test's own: namespaces with a private /run, a system bus and
 * what else it wants, all gone with the test.
 */
#pragma once

#include "namespace.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Goes on in new namespaces (mount, network, process); call in main() behind test_needs(). */
void      private_system_enter (void);
/* Puts an empty directory over @directory, for this test alone. */
void      private_system_hide (const char *directory);
/* dbus-daemon --system, with the helper's policy of this source tree, and @policy (optional): elements for a
 * <busconfig>.  Starts no services but those whose activation files the test adds. */
void      private_system_start_bus (const char *policy);
/* Starts a program in the background; ends with the test. */
GPid      private_system_spawn (const char *const *argv);
/* Runs a program to its end, turning the default main loop; its exit status, or -1. */
int       private_system_run (const char *program, ...) G_GNUC_NULL_TERMINATED;
/* Likewise, as user "nobody". */
#define private_system_run_as_nobody(...) \
  private_system_run ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", __VA_ARGS__)
/* Turns the default main loop until @done gives TRUE; FALSE after @timeout_ms. */
gboolean  private_system_wait (gboolean (*done) (gpointer), gpointer user_data, guint timeout_ms);
/* A connection of its own to the private bus. */
GDBusConnection *private_system_connect (void);
/* Puts an object there, with @interface out of @xml, and takes @name. */
void      private_system_export (GDBusConnection *bus, const char *xml, const char *interface, const char *path,
                                 const GDBusInterfaceVTable *vtable, gpointer user_data);
void      private_system_own_name (GDBusConnection *bus, const char *name);

G_END_DECLS
