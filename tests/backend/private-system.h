/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A system for one test: namespaces with a private /run, a system bus and whatever else the test wants.  All of it
 * disappears with the test.
 */
#pragma once

#include "namespace.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Continues in new namespaces (mount, network, process).  Call it in main() after test_needs(). */
void      private_system_enter (void);
/* Puts an empty directory over @directory, for this test only. */
void      private_system_hide (const char *directory);
/* Starts dbus-daemon --system with the helper's policy from this source tree and @policy (optional): elements for a
 * <busconfig>.  It starts only services whose activation files the test adds. */
void      private_system_start_bus (const char *policy);
/* Starts a program in the background.  It ends with the test. */
GPid      private_system_spawn (const char *const *argv);
/* Runs a program until it ends, and runs the default main loop meanwhile.  Returns its exit status, or -1. */
int       private_system_run (const char *program, ...) G_GNUC_NULL_TERMINATED;
/* The same, as user "nobody". */
#define private_system_run_as_nobody(...) \
  private_system_run ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", __VA_ARGS__)
/* Runs the default main loop until @done returns TRUE.  FALSE after @timeout_ms. */
gboolean  private_system_wait (gboolean (*done) (gpointer), gpointer user_data, guint timeout_ms);
/* A new connection to the private bus. */
GDBusConnection *private_system_connect (void);
/* Exports an object on @bus, with @interface from @xml, and takes @name. */
void      private_system_export (GDBusConnection *bus, const char *xml, const char *interface, const char *path,
                                 const GDBusInterfaceVTable *vtable, gpointer user_data);
void      private_system_own_name (GDBusConnection *bus, const char *name);

G_END_DECLS
