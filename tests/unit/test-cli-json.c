/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --json prints: every key that is promised, the values, and nothing that steers a terminal. */
#include "json.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "cli-status.h"
#include "core/words/escape.h"

/* Every key that nm-divert(1) promises. */
static void
test_json (void)
{
  static const char *const keys[] = {
    "place", "reason", "reason_code", "reason_site", "reason_device", "reason_connection", "reason_proof",
    "reason_expected", "reason_found", "device", "sites", "site", "mode", "mode_expires", "until_network_change",
    "backend", "backend_why", "guard", "problems", "problem_list", "proxy", "guard_dropped", "missing", "drift_count",
    "drift_time", "drift_parts", "drift_program", "drift_process", "direct_also", "lans",
  };
  static const char *const answers[] = { at_home, "{}" };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr(GVariant) status = parse (answers[i]);
      g_autofree char *json = divert_json_status (status, FALSE);
      g_autoptr(JsonNode) node = json_from_string (json, NULL);
      JsonObject *object;

      g_assert_nonnull (node);
      g_assert_null (strchr (json, '\n'));
      object = json_node_get_object (node);
      g_assert_cmpuint (json_object_get_size (object), ==, G_N_ELEMENTS (keys));
      for (gsize j = 0; j < G_N_ELEMENTS (keys); j++)
        g_assert_true (json_object_has_member (object, keys[j]));
    }
}

static void
test_json_values (void)
{
  g_autoptr(GVariant) status = parse (at_home);
  g_autofree char *json = divert_json_status (status, TRUE);
  g_autoptr(JsonNode) node = json_from_string (json, NULL);
  JsonObject *object = json_node_get_object (node);
  JsonObject *site = json_array_get_object_element (json_object_get_array_member (object, "sites"), 0);
  JsonObject *candidate = json_array_get_object_element (json_object_get_array_member (site, "candidates"), 0);
  JsonObject *proof = json_array_get_object_element (json_object_get_array_member (candidate, "proofs"), 0);

  g_assert_cmpstr (json_object_get_string_member (object, "site"), ==, "home");
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (object, "proxy"), "tproxy_port"),
                   ==, 22223);
  g_assert_cmpint (json_object_get_int_member (site, "tproxy_port"), ==, 22223);
  g_assert_true (json_object_get_boolean_member (candidate, "proven"));
  g_assert_cmpstr (json_object_get_string_member (proof, "kind"), ==, "subnet");
}

/* A program gets all characters of a name, and a terminal none that steers it. */
static void
test_json_hostile_names (void)
{
  static const char name[] = "\302\233" "2J \342\200\256 \037 \033[2J \363\240\201\201 caf\303\251";
  GVariantDict dict;
  g_autoptr(GVariant) status = NULL;
  g_autoptr(JsonNode) node = NULL;
  g_autofree char *json = NULL;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "reason-connection", "s", name);
  status = g_variant_ref_sink (g_variant_dict_end (&dict));
  json = divert_json_status (status, TRUE);
  for (const char *p = json; *p; p = g_utf8_next_char (p))
    g_assert_true (*p == '\n' || divert_character_is_harmless (g_utf8_get_char (p)));
  node = json_from_string (json, NULL);
  g_assert_nonnull (node);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (node), "reason_connection"), ==, name);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/json/keys", test_json);
  g_test_add_func ("/cli/json/values", test_json_values);
  g_test_add_func ("/cli/json/hostile-names", test_json_hostile_names);
  return g_test_run ();
}
