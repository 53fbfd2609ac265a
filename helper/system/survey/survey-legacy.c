/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the tables of iptables-legacy, with libiptc.
 *
 * Opening a table would create it, so only those are read that the kernel lists.  libiptc is not thread-safe only
 * where it explains errors, which is not used here.
 */
#include "survey-private.h"

#include <linux/netfilter/x_tables.h>

#include "system/base/iptables-family.h"

/* Is any of these bytes set? */
static gboolean
is_set (const guint8 *bytes,
        gsize         size)
{
  for (gsize i = 0; i < size; i++)
    if (bytes[i] != 0)
      return TRUE;
  return FALSE;
}

/* Only IPv6 has it: in IPv4, the whole of 127.0.0.0/8 is expected on lo. */
static gboolean
is_to_loopback6 (const DivertIptablesFamily *family,
                 const guint8               *entry)
{
  const guint8 *address = entry + family->layout.destination, *mask = entry + family->layout.destination_mask;

  for (guint i = 0; i < sizeof in6addr_loopback && family->family == DIVERT_FAMILY_IPV6; i++)
    if (((address[i] ^ in6addr_loopback.s6_addr[i]) & mask[i]) != 0)
      return FALSE;
  return family->family == DIVERT_FAMILY_IPV6;
}

/* Reads what the entry's own fields say, and returns where its target is. */
static guint
read_entry (const DivertIptablesFamily *family,
            const guint8               *entry,
            DivertSurveyRule           *rule)
{
  const DivertIptablesLayout *at = &family->layout;
  const gsize address_size = divert_family_bytes (family->family);
  const guint8 flags = entry[at->flags], inverse = entry[at->inverse_flags];
  gboolean has_destination;

  g_strlcpy (rule->in_interface, (const char *) entry + at->in_interface, sizeof rule->in_interface);
  rule->in_invert = (inverse & at->inverse_in) != 0;
  g_strlcpy (rule->out_interface, (const char *) entry + at->out_interface, sizeof rule->out_interface);
  rule->out_invert = (inverse & at->inverse_out) != 0;
  rule->protocol = divert_iptables_get_offset (entry, at->protocol);
  has_destination = is_set (entry + at->destination_mask, address_size);
  rule->to_loopback6 = has_destination && is_to_loopback6 (family, entry);
  rule->has_more = is_set (entry + at->source_mask, address_size) || (has_destination && !rule->to_loopback6) ||
                   (flags & ~(at->flag_protocol | at->flag_goto)) != 0 ||
                   (inverse & ~(at->inverse_in | at->inverse_out)) != 0;
  return divert_iptables_get_offset (entry, at->target_offset);
}

typedef struct
{
  DivertSurvey               *survey;
  const DivertIptablesFamily *family;
  const char                 *table;
  struct xtc_handle          *handle;
} Table;

static const struct xt_entry_match *
get_match (const guint8 *entry,
           gsize         at)
{
  return (const struct xt_entry_match *) (const void *) (entry + at);
}

static void
see_matches (const Table      *table,
             const guint8     *entry,
             guint             target_offset,
             DivertSurveyRule *rule)
{
  gsize at = table->family->layout.size;

  while (at + sizeof (struct xt_entry_match) <= target_offset)
    {
      const struct xt_entry_match *match = get_match (entry, at);

      if (match->u.match_size < sizeof *match)
        return;
      divert_survey_see_match (rule, match->u.user.name, match->u.user.revision, match->data,
                               match->u.match_size - sizeof *match);
      at += match->u.match_size;
    }
}

/* FALSE: the target does nothing that matters. */
static gboolean
see_target (const Table      *table,
            const guint8     *entry,
            guint             target_offset,
            DivertSurveyRule *rule)
{
  static const struct { const char *name; DivertEffect effect; } verdicts[] = {
    { "ACCEPT", DIVERT_EFFECT_ACCEPT }, { "DROP", DIVERT_EFFECT_DROP }, { "RETURN", DIVERT_EFFECT_RETURN },
  };
  const char *name = table->family->get_target (entry, table->handle);
  const struct xt_entry_target *target = (const struct xt_entry_target *) (const void *) (entry + target_offset);

  if (name == NULL || name[0] == '\0')
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (verdicts); i++)
    if (g_str_equal (name, verdicts[i].name))
      {
        rule->effect = verdicts[i].effect;
        return TRUE;
      }
  /* libiptc names a jump's chain here; its target is the standard one, which has no name. */
  if (target->u.user.name[0] == '\0')
    {
      rule->effect = DIVERT_EFFECT_JUMP;
      rule->to = name;
      return TRUE;
    }
  return divert_survey_see_target (rule, table->family->family, name, target->u.user.revision, target->data,
                                   target->u.target_size - sizeof *target);
}

static void
read_rules (const Table *table,
            guint        chain)
{
  const char *name = divert_survey_get_chain (table->survey, chain)->name;
  guint64 number = 0;

  for (const void *entry = table->family->first_entry (name, table->handle); entry != NULL;
       entry = table->family->next_entry (entry, table->handle))
    {
      DivertSurveyRule rule = { .chain = chain, .number = ++number };
      const guint target_offset = read_entry (table->family, entry, &rule);

      see_matches (table, entry, target_offset, &rule);
      if (see_target (table, entry, target_offset, &rule))
        divert_survey_add_rule (table->survey, &rule);
    }
}

/* Our chains begin with a rule that says so. */
static gboolean
is_ours (const Table *table,
         const char  *chain)
{
  const guint8 *entry = table->family->first_entry (chain, table->handle);
  DivertSurveyRule unused = { 0 };
  const struct xt_entry_match *match;

  if (entry == NULL || read_entry (table->family, entry, &unused) < table->family->layout.size + sizeof *match)
    return FALSE;
  match = get_match (entry, table->family->layout.size);
  return g_str_equal (match->u.user.name, "comment") && g_str_equal ((const char *) match->data, DIVERT_SURVEY_OURS);
}

static DivertAt
find_hook (const char *chain)
{
  static const char *const names[] = {
    [DIVERT_AT_PREROUTING] = "PREROUTING", [DIVERT_AT_INPUT] = "INPUT", [DIVERT_AT_FORWARD] = "FORWARD",
    [DIVERT_AT_OUTPUT] = "OUTPUT", [DIVERT_AT_POSTROUTING] = "POSTROUTING",
  };

  for (guint at = DIVERT_AT_PREROUTING; at < G_N_ELEMENTS (names); at++)
    if (g_str_equal (chain, names[at]))
      return at;
  return DIVERT_AT_NOWHERE;
}

static void
add_chain (const Table *table,
           const char  *name)
{
  struct xt_counters counters;
  const char *policy = table->family->get_policy (name, &counters, table->handle);
  const DivertSurveyChain chain = {
    .world = DIVERT_WORLD_LEGACY,
    .families = 1 << table->family->family,
    .family = table->family->family == DIVERT_FAMILY_IPV6 ? "ip6" : "ip",
    .table = table->table,
    .name = name,
    .at = policy != NULL ? find_hook (name) : DIVERT_AT_NOWHERE,
    .drops = policy != NULL && g_str_equal (policy, "DROP"),
    .ours = is_ours (table, name),
  };

  divert_survey_add_chain (table->survey, &chain);
}

static void
read_table (DivertSurvey               *survey,
            const DivertIptablesFamily *family,
            const char                 *name)
{
  Table table = { survey, family, name, family->init (name) };
  const guint first = survey->chains->len;

  if (table.handle == NULL)
    {
      survey->unread |= 1u << DIVERT_SOURCE_LEGACY;
      return;
    }
  for (const char *chain = family->first_chain (table.handle); chain != NULL;
       chain = family->next_chain (table.handle))
    add_chain (&table, chain);
  for (guint i = first; i < survey->chains->len; i++)
    if (!divert_survey_get_chain (survey, i)->ours)
      read_rules (&table, i);
  family->free (table.handle);
}

void
divert_survey_read_legacy (DivertSurvey *survey)
{
  for (guint i = 0; i < DIVERT_N_FAMILIES; i++)
    {
      const DivertIptablesFamily *family = divert_iptables_family_get (i);
      g_autoptr(GError) error = NULL;
      g_autofree char *text = NULL;
      g_auto(GStrv) names = NULL;

      /* Without that file, the module is not loaded, so there is no table. */
      if (!g_file_get_contents (family->names_file, &text, NULL, &error))
        {
          if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            survey->unread |= 1u << DIVERT_SOURCE_LEGACY;
          continue;
        }
      names = g_strsplit (text, "\n", -1);
      for (guint name = 0; names[name] != NULL; name++)
        if (names[name][0] != '\0')
          read_table (survey, family, names[name]);
    }
}
