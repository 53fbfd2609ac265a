/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: reading the tables of iptables-legacy, with libiptc.
 *
 * Opening a table would create it, so only those are read that the kernel lists.  libiptc is not thread-safe only
 * where it explains errors, which is not used here.
 */
#include "survey-private.h"

#include <errno.h>
#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
#include <linux/netfilter/x_tables.h>
#include <string.h>

/* One family's functions, with entries as plain memory. */
typedef struct
{
  DivertFamily family;
  const char  *names_file;
  gsize        size;   /* of an entry without matches and target */
  struct xtc_handle *(*init) (const char *table);
  void        (*free) (struct xtc_handle *handle);
  const char *(*first_chain) (struct xtc_handle *handle);
  const char *(*next_chain) (struct xtc_handle *handle);
  const char *(*get_policy) (const char *chain, struct xt_counters *counters, struct xtc_handle *handle);
  const void *(*first_rule) (const char *chain, struct xtc_handle *handle);
  const void *(*next_rule) (const void *entry, struct xtc_handle *handle);
  const char *(*get_target) (const void *entry, struct xtc_handle *handle);
  /* Reads what the entry's own fields say, and returns where its target is. */
  guint       (*read_entry) (const void *entry, DivertSurveyRule *rule);
} Family;

static void
read_device (const char *name,
             gboolean    invert,
             char        ret_name[16],
             gboolean   *ret_invert)
{
  g_strlcpy (ret_name, name, 16);
  *ret_invert = invert;
}

static guint
read_v4 (const void       *data,
         DivertSurveyRule *rule)
{
  const struct ipt_entry *entry = data;

  read_device (entry->ip.iniface, (entry->ip.invflags & IPT_INV_VIA_IN) != 0, rule->in_interface, &rule->in_invert);
  read_device (entry->ip.outiface, (entry->ip.invflags & IPT_INV_VIA_OUT) != 0, rule->out_interface,
               &rule->out_invert);
  rule->protocol = entry->ip.proto;
  rule->has_more = entry->ip.smsk.s_addr != 0 || entry->ip.dmsk.s_addr != 0 || (entry->ip.flags & IPT_F_FRAG) != 0 ||
                   (entry->ip.invflags & XT_INV_PROTO) != 0;
  return entry->target_offset;
}

static guint
read_v6 (const void       *data,
         DivertSurveyRule *rule)
{
  static const struct in6_addr any;
  const struct ip6t_entry *entry = data;

  read_device (entry->ipv6.iniface, (entry->ipv6.invflags & IP6T_INV_VIA_IN) != 0, rule->in_interface,
               &rule->in_invert);
  read_device (entry->ipv6.outiface, (entry->ipv6.invflags & IP6T_INV_VIA_OUT) != 0, rule->out_interface,
               &rule->out_invert);
  rule->protocol = entry->ipv6.proto;
  rule->has_more = memcmp (&entry->ipv6.smsk, &any, sizeof any) != 0 ||
                   memcmp (&entry->ipv6.dmsk, &any, sizeof any) != 0 || (entry->ipv6.invflags & XT_INV_PROTO) != 0;
  return entry->target_offset;
}

#define DEFINE_ENTRY_FUNCTIONS(prefix, type)                                                                          \
  static const void *prefix##_first (const char *chain, struct xtc_handle *handle)                                    \
  {                                                                                                                   \
    return prefix##_first_rule (chain, handle);                                                                       \
  }                                                                                                                   \
  static const void *prefix##_next (const void *entry, struct xtc_handle *handle)                                     \
  {                                                                                                                   \
    return prefix##_next_rule ((const type *) entry, handle);                                                         \
  }                                                                                                                   \
  static const char *prefix##_target (const void *entry, struct xtc_handle *handle)                                   \
  {                                                                                                                   \
    return prefix##_get_target ((const type *) entry, handle);                                                        \
  }

DEFINE_ENTRY_FUNCTIONS (iptc, struct ipt_entry)
DEFINE_ENTRY_FUNCTIONS (ip6tc, struct ip6t_entry)

#define FUNCTIONS(prefix)                                                                                             \
  .init = prefix##_init, .free = prefix##_free, .first_chain = prefix##_first_chain,                                  \
  .next_chain = prefix##_next_chain, .get_policy = prefix##_get_policy, .first_rule = prefix##_first,                 \
  .next_rule = prefix##_next, .get_target = prefix##_target

static const Family families[DIVERT_N_FAMILIES] = {
  [DIVERT_FAMILY_IPV4] = { .family = DIVERT_FAMILY_IPV4, .names_file = "/proc/net/ip_tables_names",
                           .size = sizeof (struct ipt_entry), .read_entry = read_v4, FUNCTIONS (iptc) },
  [DIVERT_FAMILY_IPV6] = { .family = DIVERT_FAMILY_IPV6, .names_file = "/proc/net/ip6_tables_names",
                           .size = sizeof (struct ip6t_entry), .read_entry = read_v6, FUNCTIONS (ip6tc) },
};

typedef struct
{
  DivertSurvey      *survey;
  const Family      *family;
  const char        *table;
  struct xtc_handle *handle;
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
  gsize at = table->family->size;

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

  for (const void *entry = table->family->first_rule (name, table->handle); entry != NULL;
       entry = table->family->next_rule (entry, table->handle))
    {
      DivertSurveyRule rule = { .chain = chain, .number = ++number };
      const guint target_offset = table->family->read_entry (entry, &rule);

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
  const guint8 *entry = table->family->first_rule (chain, table->handle);
  DivertSurveyRule unused = { 0 };
  const struct xt_entry_match *match;

  if (entry == NULL || table->family->read_entry (entry, &unused) < table->family->size + sizeof *match)
    return FALSE;
  match = get_match (entry, table->family->size);
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
read_table (DivertSurvey *survey,
            const Family *family,
            const char   *name)
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
      g_autoptr(GError) error = NULL;
      g_autofree char *text = NULL;
      g_auto(GStrv) names = NULL;

      /* Without that file, the module is not loaded, so there is no table. */
      if (!g_file_get_contents (families[i].names_file, &text, NULL, &error))
        {
          if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            survey->unread |= 1u << DIVERT_SOURCE_LEGACY;
          continue;
        }
      names = g_strsplit (text, "\n", -1);
      for (guint name = 0; names[name] != NULL; name++)
        if (names[name][0] != '\0')
          read_table (survey, &families[i], names[name]);
    }
}
