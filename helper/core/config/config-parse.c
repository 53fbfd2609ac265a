/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: adding a file to the configuration: groups, what may appear only once, what is required,
 * and the position that every error names.
 */
#include "config-private.h"

#include <glib/gi18n-lib.h>
#include <limits.h>
#include <string.h>

#include "core/words/escape.h"

typedef struct
{
  DivertConfig          *config;
  const char            *name;    /* as given */
  char                  *shown;   /* the name, escaped for messages */
  DivertConfigReader     reader;

  /* The group being read. */
  const DivertConfigKey *keys;    /* NULL: none yet */
  void                  *object;  /* the struct that the keys' offsets refer to */
  guint                  header;  /* the line of its header */
  guint                  lines[DIVERT_CONFIG_MAX_KEYS]; /* the line of each key; 0: not given */

  /* Where [proxy] and [divert] began in this file; 0: not yet seen. */
  guint                  proxy_line;
  guint                  divert_line;
} Parser;

/* Prefixes the error with "FILE:LINE: [group] key: " and returns FALSE.  @group and @key may be NULL. */
static gboolean
place (const Parser  *parser,
       guint          line,
       const char    *group,
       const char    *key,
       GError       **error)
{
  g_autofree char *shown_group = divert_escape (group != NULL ? group : "");
  g_autofree char *shown_key = divert_escape (key != NULL ? key : "");

  if (key != NULL)
    g_prefix_error (error, "%s:%u: [%s] %s: ", parser->shown, line, shown_group, shown_key);
  else if (group != NULL)
    g_prefix_error (error, "%s:%u: [%s]: ", parser->shown, line, shown_group);
  else
    g_prefix_error (error, "%s:%u: ", parser->shown, line);
  return FALSE;
}

static gboolean
refuse_group (const Parser       *parser,
              DivertConfigError   code,
              const char         *problem,
              const char         *value,
              GError            **error)
{
  divert_config_refuse (code, problem, value, error);
  return place (parser, parser->reader.line, parser->reader.group, NULL, error);
}

/* The line of @name in the group being read. */
static guint
line_of (const Parser *parser,
         const char   *name)
{
  for (guint i = 0; parser->keys[i].name != NULL; i++)
    if (g_str_equal (parser->keys[i].name, name))
      return parser->lines[i];
  return 0;
}

/* Checks a site as a whole, once all of its keys are read. */
static gboolean
end_group (const Parser  *parser,
           GError       **error)
{
  const DivertSite *site = parser->object;
  g_autofree char *group = NULL;

  if (parser->keys != divert_site_keys)
    return TRUE;

  group = g_strconcat ("site ", site->name, NULL);
  if (site->intranet->len == 0 && !site->intranet_auto6)
    {
      divert_config_refuse (DIVERT_CONFIG_ERROR_MISSING, _("must not be empty"), "", error);
      return place (parser, parser->header, group, DIVERT_KEY_INTRANET, error);
    }
  if (site->has_beacon && !divert_prefixes_contain (site->intranet, &site->beacon.address))
    {
      g_autofree char *address = divert_prefix_to_string (&site->beacon.address);

      divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("not in the site's intranet"), address, error);
      return place (parser, line_of (parser, DIVERT_KEY_BEACON), group, DIVERT_KEY_BEACON, error);
    }
  if (!divert_config_check_routers (site, error))
    return place (parser, line_of (parser, DIVERT_KEY_ROUTER), group, DIVERT_KEY_ROUTER, error);
  return TRUE;
}

static gboolean
begin_shared (Parser                 *parser,
              const DivertConfigKey  *keys,
              guint                  *first,
              GError                **error)
{
  if (*first != 0)
    {
      g_autofree char *problem = g_strdup_printf (_("given twice, first in line %u"), *first);

      return refuse_group (parser, DIVERT_CONFIG_ERROR_DUPLICATE, problem, parser->reader.group, error);
    }
  *first = parser->reader.line;
  parser->keys = keys;
  parser->object = parser->config;
  return TRUE;
}

static gboolean
begin_site (Parser      *parser,
            const char  *name,
            GError     **error)
{
  GPtrArray *sites = parser->config->sites;
  const DivertSite *other;

  if (!divert_site_name_is_valid (name))
    return refuse_group (parser, DIVERT_CONFIG_ERROR_VALUE, _("not a valid name for a site"), name, error);
  other = divert_config_find_site (parser->config, name);
  if (other != NULL)
    {
      g_autofree char *file = divert_escape_up_to (other->file, PATH_MAX);
      g_autofree char *problem = g_strdup_printf (_("site given twice, first in %s"), file);

      return refuse_group (parser, DIVERT_CONFIG_ERROR_DUPLICATE, problem, name, error);
    }
  if (sites->len >= DIVERT_CONFIG_MAX_SITES)
    {
      g_autofree char *problem = g_strdup_printf (_("more than %u sites"), DIVERT_CONFIG_MAX_SITES);

      return refuse_group (parser, DIVERT_CONFIG_ERROR_LIMIT, problem, name, error);
    }
  parser->keys = divert_site_keys;
  parser->object = divert_site_new (name, parser->name);
  g_ptr_array_add (sites, parser->object);
  return TRUE;
}

static gboolean
begin_group (Parser  *parser,
             GError **error)
{
  const char *group = parser->reader.group;

  if (!end_group (parser, error))
    return FALSE;
  memset (parser->lines, 0, sizeof parser->lines);
  parser->header = parser->reader.line;
  if (g_str_equal (group, "proxy"))
    return begin_shared (parser, divert_proxy_keys, &parser->proxy_line, error);
  if (g_str_equal (group, "divert"))
    return begin_shared (parser, divert_divert_keys, &parser->divert_line, error);
  if (g_str_has_prefix (group, "site "))
    return begin_site (parser, group + strlen ("site "), error);
  return refuse_group (parser, DIVERT_CONFIG_ERROR_UNKNOWN, _("unknown group"), group, error);
}

/* Only divert_config_finish() checks keys against each other, so remember where they came from. */
static void
note_origin (const Parser *parser)
{
  const char *group = parser->reader.group, *key = parser->reader.key;
  DivertConfig *config = parser->config;

  if (parser->keys == divert_divert_keys && (g_str_equal (key, DIVERT_KEY_MARK) || g_str_equal (key, DIVERT_KEY_MASK)))
    {
      g_free (config->mark_origin);
      config->mark_origin = g_strdup_printf ("%s:%u", parser->shown, parser->reader.line);
    }
  if (parser->keys != divert_site_keys &&
      (g_str_equal (key, DIVERT_KEY_UNIT) || g_str_equal (key, DIVERT_KEY_EXEMPT_UNITS)))
    {
      g_free (config->units_origin);
      config->units_origin = g_strdup_printf ("%s:%u: [%s] %s", parser->shown, parser->reader.line, group, key);
    }
}

static gboolean
read_key (Parser  *parser,
          GError **error)
{
  const DivertConfigReader *reader = &parser->reader;
  guint i = 0;

  while (parser->keys[i].name != NULL && !g_str_equal (parser->keys[i].name, reader->key))
    i++;
  if (parser->keys[i].name == NULL)
    divert_config_refuse (DIVERT_CONFIG_ERROR_UNKNOWN, _("unknown key"), reader->value, error);
  else if (parser->lines[i] != 0)
    {
      g_autofree char *problem = g_strdup_printf (_("given twice, first in line %u"), parser->lines[i]);

      divert_config_refuse (DIVERT_CONFIG_ERROR_DUPLICATE, problem, reader->value, error);
    }
  else if (parser->keys[i].kind->parse (reader->value, (char *) parser->object + parser->keys[i].offset, error))
    {
      parser->lines[i] = reader->line;
      note_origin (parser);
      return TRUE;
    }
  return place (parser, reader->line, reader->group, reader->key, error);
}

static gboolean
parse (Parser  *parser,
       GError **error)
{
  g_autoptr(GError) local_error = NULL;

  while (divert_config_reader_next (&parser->reader, &local_error))
    if (parser->reader.key != NULL ? !read_key (parser, error) : !begin_group (parser, error))
      return FALSE;
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return place (parser, parser->reader.line, NULL, NULL, error);
    }
  return end_group (parser, error);
}

gboolean
divert_config_add (DivertConfig  *config,
                   const char    *name,
                   const char    *text,
                   gsize          length,
                   GError       **error)
{
  g_autofree char *shown = divert_escape_up_to (name, PATH_MAX);
  Parser parser = { .config = config, .name = name, .shown = shown };
  gboolean done;

  if (length > DIVERT_CONFIG_MAX_FILE_BYTES)
    {
      g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_LIMIT, _("%s: larger than %u bytes: '%zu'"), shown,
                   DIVERT_CONFIG_MAX_FILE_BYTES, length);
      return FALSE;
    }
  divert_config_reader_init (&parser.reader, text, length);
  done = parse (&parser, error);
  divert_config_reader_clear (&parser.reader);
  return done;
}

/* A single bit leaves no room for a second mark. */
static gboolean
has_room (const DivertConfig *config)
{
  return config->mask != config->mark || (config->mark & (config->mark - 1)) != 0;
}

static gboolean
refuse_direct (const DivertSite  *site,
               GError           **error)
{
  const char *key = site->internet_direct ? DIVERT_KEY_INTERNET : DIVERT_KEY_DNS;
  g_autofree char *file = divert_escape_up_to (site->file, PATH_MAX);

  divert_config_refuse (DIVERT_CONFIG_ERROR_VALUE, _("the mask has no room for a second mark"), "direct", error);
  g_prefix_error (error, "%s: [site %s] %s: ", file, site->name, key);
  return FALSE;
}

static GArray *
collect_intranets (const DivertConfig *config)
{
  g_autoptr(GArray) all = divert_prefixes_new ();

  for (guint i = 0; i < config->sites->len; i++)
    {
      const GArray *intranet = ((const DivertSite *) g_ptr_array_index (config->sites, i))->intranet;

      g_array_append_vals (all, intranet->data, intranet->len);
    }
  return divert_prefixes_merge (all);
}

gboolean
divert_config_finish (DivertConfig  *config,
                      GError       **error)
{
  if ((config->mark & ~config->mask) != 0)
    {
      g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_VALUE,
                   _("%s: [divert] mark: has bits outside of mask 0x%x: '0x%x'"),
                   config->mark_origin, config->mask, config->mark);
      return FALSE;
    }
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      if ((site->internet_direct || site->dns_direct) && !has_room (config))
        return refuse_direct (site, error);
    }
  /* What a unit sends needs a mark of its own where the rules can't ask for the unit. */
  if (divert_config_needs_cgroups (config) && !has_room (config))
    {
      g_set_error (error, DIVERT_CONFIG_ERROR, DIVERT_CONFIG_ERROR_VALUE,
                   _("%s: needs a mask of two bits at least: '0x%x'"), config->units_origin, config->mask);
      return FALSE;
    }
  config->intranets = collect_intranets (config);
  return TRUE;
}
