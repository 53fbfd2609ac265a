/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When systemd's generator lets the helper's unit use the legacy tables, and when it leaves the unit as it is.
 */
#include "grant.h"
#include "namespace.h"
#include "system/base/modules-load.h"
#include "system/filter/choice.h"

#include <glib/gstdio.h>

#define DROP_IN "nm-divert-helper.service.d/iptables.conf"

/* What the generator writes; NULL: nothing. */
static char *
generate (const DivertConfig *config)
{
  g_autofree char *directory = g_dir_make_tmp ("nm-divert-test-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (directory, "nm-divert-helper.service.d", NULL);
  g_autofree char *file = g_build_filename (directory, DROP_IN, NULL);
  char *text = NULL;
  g_autoptr(GError) error = NULL;

  divert_grant_generate (config, directory, &error);
  g_assert_no_error (error);
  g_file_get_contents (file, &text, NULL, NULL);
  g_unlink (file);
  g_rmdir (folder);
  g_assert_no_errno (g_rmdir (directory));
  return text;
}

static void
assert_grants (const DivertConfig *config)
{
  g_autofree char *text = generate (config);
  g_autoptr(GKeyFile) unit = g_key_file_new ();
  g_autofree char *capabilities = NULL;

  g_assert_nonnull (text);
  g_assert_true (g_key_file_load_from_data (unit, text, -1, G_KEY_FILE_NONE, NULL));
  capabilities = g_key_file_get_string (unit, "Service", "CapabilityBoundingSet", NULL);
  g_assert_cmpstr (capabilities, ==, "CAP_NET_RAW");
}

static void
test_grant (void)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(GPtrArray) modules = divert_choice_list_modules (DIVERT_BACKEND_NFTABLES, 0);

  test_namespace_enter ();
  config->backend = DIVERT_BACKEND_IPTABLES;
  assert_grants (config);
  /* A mistake in it: which backend was meant, nobody knows. */
  assert_grants (NULL);

  config->backend = DIVERT_BACKEND_AUTO;
  if (divert_modules_can_load (modules))
    {
      g_autofree char *text = generate (config);

      g_assert_null (text);
    }
  else
    assert_grants (config);
  /* Somebody's rules may be in there. */
  test_run ("iptables-legacy -t mangle -L >/dev/null");
  assert_grants (config);
}

/* The directory can't be had. */
static void
test_failure (void)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (divert_grant_generate (NULL, "/proc/self/status", &error));
  g_assert_nonnull (error);
}

int
main (int    argc,
      char **argv)
{
  test_needs_namespaces ();
  test_lock_enter ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/grant/when", test_grant);
  g_test_add_func ("/grant/failure", test_failure);
  return g_test_run ();
}
