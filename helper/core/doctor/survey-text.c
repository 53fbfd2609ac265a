/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the survey's text.  Each part looks as its owner's own tool shows it, so that a person finds it there.
 */
#include "survey.h"

#include <string.h>

static void
append_table (GString *text,
              guint32  table)
{
  switch (table)
    {
    case DIVERT_TABLE_DEFAULT:
      g_string_append (text, "default");
      break;
    case DIVERT_TABLE_MAIN:
      g_string_append (text, "main");
      break;
    case DIVERT_TABLE_LOCAL:
      g_string_append (text, "local");
      break;
    default:
      g_string_append_printf (text, "%u", table);
      break;
    }
}

static void
append_prefix (GString            *text,
               const char         *word,
               const DivertPrefix *prefix)
{
  g_autofree char *shown = divert_prefix_to_string (prefix);

  g_string_append_printf (text, " %s %s", word, shown);
}

static void
append_ports (GString    *text,
              const char *word,
              guint16     first,
              guint16     last)
{
  if (first == 0)
    return;
  g_string_append_printf (text, " %s %u", word, first);
  if (last != first)
    g_string_append_printf (text, "-%u", last);
}

/* The kernel shows a mark with a mask that has all bits without that mask. */
static void
append_mark (GString    *text,
             const char *format,
             guint32     mark,
             guint32     mask)
{
  g_string_append_printf (text, " %s 0x%x", format, mark);
  if (mask != G_MAXUINT32)
    g_string_append_printf (text, "/0x%x", mask);
}

/* A device's name may hold anything but blanks and slashes, and a person may run what we print. */
static void
append_name (GString    *text,
             const char *word,
             const char *name)
{
  g_autofree char *quoted = NULL;

  if (name[0] == '\0')
    return;
  if (strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@+") != strlen (name))
    quoted = g_shell_quote (name);
  g_string_append_printf (text, " %s %s", word, quoted != NULL ? quoted : name);
}

static void
append_action (GString            *text,
               const DivertPolicy *policy)
{
  switch (policy->action)
    {
    case DIVERT_POLICY_LOOKUP:
      g_string_append (text, " lookup ");
      append_table (text, policy->table);
      break;
    case DIVERT_POLICY_GOTO:
      g_string_append_printf (text, " goto %u", policy->target);
      break;
    case DIVERT_POLICY_REFUSE:
      g_string_append (text, " unreachable");
      break;
    case DIVERT_POLICY_NONE:
    default:
      g_string_append (text, " nop");
      break;
    }
  if (policy->suppress_prefixlength >= 0)
    g_string_append_printf (text, " suppress_prefixlength %d", policy->suppress_prefixlength);
}

static void
append_policy (GString            *text,
               const DivertPolicy *policy)
{
  if (policy->invert)
    g_string_append (text, " not");
  if (policy->has_source)
    append_prefix (text, "from", &policy->source);
  else
    g_string_append (text, " from all");
  if (policy->has_destination)
    append_prefix (text, "to", &policy->destination);
  if (policy->tos != 0)
    g_string_append_printf (text, " tos 0x%02x", policy->tos);
  if (policy->mask != 0)
    append_mark (text, "fwmark", policy->mark, policy->mask);
  append_name (text, "iif", policy->in_interface);
  append_name (text, "oif", policy->out_interface);
  if (policy->has_uids)
    g_string_append_printf (text, " uidrange %u-%u", policy->uid, policy->uid_last);
  if (policy->protocol != 0)
    g_string_append_printf (text, " ipproto %u", policy->protocol);
  append_ports (text, "sport", policy->sport, policy->sport_last);
  append_ports (text, "dport", policy->dport, policy->dport_last);
  append_action (text, policy);
}

char *
divert_policy_to_text (const DivertPolicy *policy)
{
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%u:", policy->priority);
  append_policy (text, policy);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
divert_policy_to_arguments (const DivertPolicy *policy,
                            guint32             priority)
{
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_append_printf (text, "pref %u", priority);
  append_policy (text, policy);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
divert_survey_chain_to_text (const DivertSurveyChain *chain)
{
  if (chain->world == DIVERT_WORLD_NFTABLES)
    return g_strdup_printf ("nft: table %s %s, chain %s", chain->family, chain->table, chain->name);
  return g_strdup_printf ("%s: table %s, chain %s",
                          chain->families == DIVERT_FAMILIES_IPV6 ? "ip6tables-legacy" : "iptables-legacy",
                          chain->table, chain->name);
}

static void
append_chain (GString            *text,
              const DivertSurvey *survey,
              guint               i)
{
  static const char *const hooks[] = { "", "prerouting", "input", "forward", "output", "postrouting" };
  const DivertSurveyChain *chain = divert_survey_get_chain (survey, i);
  g_autofree char *name = divert_survey_chain_to_text (chain);

  g_string_append (text, name);
  if (chain->at != DIVERT_AT_NOWHERE)
    g_string_append_printf (text, " at %s %d%s", hooks[chain->at], chain->priority, chain->drops ? " drop" : "");
  g_string_append (text, chain->ours ? " ours\n" : "\n");
  for (guint rule = chain->first; rule < chain->first + chain->n_rules; rule++)
    {
      g_autofree char *line = divert_survey_rule_to_text (survey, divert_survey_get_rule (survey, rule));

      g_string_append_printf (text, "  %s\n", line);
    }
}

static void
append_way (GString         *text,
            const DivertWay *way)
{
  g_autofree char *destination = divert_prefix_to_string (&way->destination);

  if (way->answered)
    g_string_append_printf (text, "way %s: table %u%s\n", destination, way->table, way->to_lo ? " lo" : "");
  else
    g_string_append_printf (text, "way %s: none\n", destination);
}

char *
divert_survey_to_text (const DivertSurvey *survey)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < survey->policies->len; i++)
    {
      const DivertPolicy *policy = divert_survey_get_policy (survey, i);
      g_autofree char *line = divert_policy_to_text (policy);

      g_string_append_printf (text, "%s %s%s\n", divert_family_name (policy->family), line,
                              policy->ours ? " ours" : "");
    }
  for (guint i = 0; i < survey->ways->len; i++)
    append_way (text, &g_array_index (survey->ways, DivertWay, i));
  for (guint i = 0; i < survey->chains->len; i++)
    append_chain (text, survey, i);
  for (guint i = 0; i < DIVERT_N_SOURCES; i++)
    {
      if ((survey->unread & 1u << i) != 0)
        g_string_append_printf (text, "unread %s\n", divert_source_name (i));
      if ((survey->cut & 1u << i) != 0)
        g_string_append_printf (text, "cut %s\n", divert_source_name (i));
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
