/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: converting the facts to key file text and back.
 *
 * A table describes each kind of group (facts-fields.c).  Both directions walk the same table, so
 * neither can know a key that the other does not.
 */
#include "facts-fields.h"

static void
save (GKeyFile    *file,
      const char  *kind,
      guint        number,
      const DivertField *fields,
      const void  *object)
{
  g_autofree char *group = number > 0 ? g_strdup_printf ("%s %u", kind, number) : g_strdup (kind);

  for (const DivertField *field = fields; field->key != NULL; field++)
    {
      g_autofree char *text = field->kind->to_text ((const char *) object + field->offset);

      if (text != NULL)
        g_key_file_set_string (file, group, field->key, text);
    }
}

char *
divert_facts_to_text (const DivertFacts *facts)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();

  save (file, "machine", 0, divert_machine_fields, facts);
  for (guint i = 0; i < facts->connections->len; i++)
    save (file, "connection", i + 1, divert_connection_fields, g_ptr_array_index (facts->connections, i));
  for (guint i = 0; i < facts->links->len; i++)
    save (file, "link", i + 1, divert_link_fields, g_ptr_array_index (facts->links, i));
  for (guint i = 0; i < facts->routes->len; i++)
    save (file, "route", i + 1, divert_route_fields, &g_array_index (facts->routes, DivertRoute, i));
  for (guint i = 0; i < facts->beacons->len; i++)
    save (file, "beacon", i + 1, divert_beacon_fields, g_ptr_array_index (facts->beacons, i));
  for (guint i = 0; i < facts->units->len; i++)
    save (file, "unit", i + 1, divert_unit_fields, g_ptr_array_index (facts->units, i));
  return g_key_file_to_data (file, NULL, NULL);
}

static gboolean
refuse (const char  *group,
        const char  *key,
        const char  *problem,
        const char  *text,
        GError     **error)
{
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "[%s] %s: %s: '%s'", group, key, problem, text);
  return FALSE;
}

static gboolean
load (GKeyFile     *file,
      const char   *group,
      const DivertField  *fields,
      void         *object,
      GError      **error)
{
  g_auto(GStrv) keys = g_key_file_get_keys (file, group, NULL, error);
  guint seen = 0; /* a bit per key: GKeyFile lists a key twice if it is given twice */

  if (keys == NULL)
    return FALSE;
  for (char **key = keys; *key != NULL; key++)
    {
      g_autofree char *text = g_key_file_get_string (file, group, *key, error);
      const DivertField *field = fields;

      if (text == NULL)
        return FALSE;
      while (field->key != NULL && !g_str_equal (field->key, *key))
        field++;
      if (field->key == NULL)
        return refuse (group, *key, "unknown key", text, error);
      if ((seen & 1u << (field - fields)) != 0)
        return refuse (group, *key, "given twice", text, error);
      if (!field->kind->from_text (text, (char *) object + field->offset))
        return refuse (group, *key, "bad value", text, error);
      seen |= 1u << (field - fields);
    }
  return TRUE;
}

/* The first word of the group is its kind; the rest only tells groups of one kind apart. */
static gboolean
load_group (GKeyFile     *file,
            const char   *group,
            DivertFacts  *facts,
            GError      **error)
{
  if (g_str_equal (group, "machine"))
    return load (file, group, divert_machine_fields, facts, error);
  if (g_str_has_prefix (group, "connection "))
    {
      g_ptr_array_add (facts->connections, divert_connection_new ());
      return load (file, group, divert_connection_fields, facts->connections->pdata[facts->connections->len - 1],
                   error);
    }
  if (g_str_has_prefix (group, "link "))
    {
      DivertLink *link = divert_link_new ();

      g_ptr_array_add (facts->links, link);
      if (!load (file, group, divert_link_fields, link, error))
        return FALSE;
      /* In the kernel, every link has both. */
      if (link->name != NULL && link->name[0] != '\0' && link->ifindex != 0)
        return TRUE;
      g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND, "[%s]: no name or no ifindex", group);
      return FALSE;
    }
  if (g_str_has_prefix (group, "route "))
    {
      g_array_set_size (facts->routes, facts->routes->len + 1);
      return load (file, group, divert_route_fields,
                   &g_array_index (facts->routes, DivertRoute, facts->routes->len - 1), error);
    }
  if (g_str_has_prefix (group, "beacon "))
    {
      g_ptr_array_add (facts->beacons, divert_beacon_fact_new (NULL, 0, DIVERT_BEACON_PENDING, NULL));
      return load (file, group, divert_beacon_fields, facts->beacons->pdata[facts->beacons->len - 1], error);
    }
  if (g_str_has_prefix (group, "unit "))
    {
      DivertUnit *unit = divert_unit_new (NULL, 0);

      g_ptr_array_add (facts->units, unit);
      if (!load (file, group, divert_unit_fields, unit, error))
        return FALSE;
      if (unit->path != NULL && unit->id != 0)
        return TRUE;
      g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_KEY_NOT_FOUND, "[%s]: no path or no id", group);
      return FALSE;
    }
  g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND, "[%s]: unknown group", group);
  return FALSE;
}

DivertFacts *
divert_facts_from_text (const char  *text,
                        gsize        length,
                        GError     **error)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(DivertFacts) facts = divert_facts_new ();
  g_auto(GStrv) groups = NULL;

  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, error))
    return NULL;
  groups = g_key_file_get_groups (file, NULL);
  for (char **group = groups; *group != NULL; group++)
    if (!load_group (file, *group, facts, error))
      return NULL;
  divert_facts_sort (facts);
  return g_steal_pointer (&facts);
}
