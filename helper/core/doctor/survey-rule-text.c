/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the text of other people's filter rules, as nft(8) or iptables-save(8) shows them.
 */
#include "survey.h"

#include <netinet/in.h>

static const char *
protocol_to_text (guint8 protocol)
{
  switch (protocol)
    {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    default:
      return NULL;
    }
}

static void
append_protocol (GString    *text,
                 const char *word,
                 guint8      protocol)
{
  const char *name = protocol_to_text (protocol);

  if (name != NULL)
    g_string_append_printf (text, "%s %s ", word, name);
  else if (protocol != 0)
    g_string_append_printf (text, "%s %u ", word, protocol);
}

static void
append_nft_device (GString    *text,
                   const char *word,
                   const char *name,
                   gboolean    invert)
{
  if (name[0] != '\0')
    g_string_append_printf (text, "%s %s\"%s\" ", word, invert ? "!= " : "", name);
}

static void
append_nft_mark_match (GString               *text,
                       const DivertMarkMatch *match)
{
  const char *operator = match->invert ? "!=" : "==";

  if (match->has && match->mask == G_MAXUINT32)
    g_string_append_printf (text, "meta mark %s0x%08x ", match->invert ? "!= " : "", match->value);
  else if (match->has)
    g_string_append_printf (text, "meta mark & 0x%08x %s 0x%08x ", match->mask, operator, match->value);
}

static void
append_nft_set_mark (GString                *text,
                     const char             *which,
                     const DivertSurveyRule *rule)
{
  if (rule->mask == G_MAXUINT32)
    g_string_append_printf (text, "%s mark set 0x%08x", which, rule->value);
  else
    g_string_append_printf (text, "%s mark set %s mark & 0x%08x ^ 0x%08x", which, which, ~rule->mask, rule->value);
}

static void
append_nft_effect (GString                *text,
                   const DivertSurveyRule *rule)
{
  switch (rule->effect)
    {
    case DIVERT_EFFECT_JUMP:
      g_string_append_printf (text, "jump %s", rule->to);
      break;
    case DIVERT_EFFECT_MAP:
      g_string_append (text, "vmap …");
      break;
    case DIVERT_EFFECT_RETURN:
      g_string_append (text, "return");
      break;
    case DIVERT_EFFECT_ACCEPT:
      g_string_append (text, "accept");
      break;
    case DIVERT_EFFECT_DROP:
      g_string_append (text, "drop");
      break;
    case DIVERT_EFFECT_MARK:
      append_nft_set_mark (text, "meta", rule);
      break;
    case DIVERT_EFFECT_CONNMARK:
      append_nft_set_mark (text, "ct", rule);
      break;
    case DIVERT_EFFECT_RESTORE_MARK:
      g_string_append_printf (text, "meta mark set ct mark & 0x%08x", rule->mask);
      break;
    case DIVERT_EFFECT_SAVE_MARK:
      g_string_append_printf (text, "ct mark set meta mark & 0x%08x", rule->mask);
      break;
    case DIVERT_EFFECT_TPROXY:
      g_string_append_printf (text, "tproxy to :%u", rule->port);
      break;
    case DIVERT_EFFECT_REDIRECT:
      g_string_append_printf (text, "redirect to :%u", rule->port);
      break;
    case DIVERT_EFFECT_UNTRACK:
    default:
      g_string_append (text, "notrack");
      break;
    }
}

static void
append_nft_rule (GString                *text,
                 const DivertSurveyRule *rule)
{
  append_nft_device (text, "iifname", rule->in_interface, rule->in_invert);
  append_nft_device (text, "oifname", rule->out_interface, rule->out_invert);
  append_protocol (text, "meta l4proto", rule->protocol);
  append_nft_mark_match (text, &rule->mark_match);
  if (rule->reverse_path)
    g_string_append (text, "fib saddr . iif oif missing ");
  if (rule->to_loopback6)
    g_string_append (text, "ip6 daddr … ");
  if (rule->has_more)
    g_string_append (text, "… ");
  append_nft_effect (text, rule);
  g_string_append_printf (text, " # handle %" G_GUINT64_FORMAT, rule->number);
}

static void
append_legacy_device (GString    *text,
                      const char *option,
                      const char *name,
                      gboolean    invert)
{
  if (name[0] != '\0')
    g_string_append_printf (text, "%s%s %s ", invert ? "! " : "", option, name);
}

static void
append_legacy_effect (GString                *text,
                      const DivertSurveyRule *rule)
{
  switch (rule->effect)
    {
    case DIVERT_EFFECT_JUMP:
      g_string_append_printf (text, "-j %s", rule->to);
      break;
    case DIVERT_EFFECT_RETURN:
      g_string_append (text, "-j RETURN");
      break;
    case DIVERT_EFFECT_ACCEPT:
      g_string_append (text, "-j ACCEPT");
      break;
    case DIVERT_EFFECT_DROP:
      g_string_append (text, "-j DROP");
      break;
    case DIVERT_EFFECT_MARK:
      g_string_append_printf (text, "-j MARK --set-xmark 0x%x/0x%x", rule->value, rule->mask);
      break;
    case DIVERT_EFFECT_CONNMARK:
      g_string_append_printf (text, "-j CONNMARK --set-xmark 0x%x/0x%x", rule->value, rule->mask);
      break;
    case DIVERT_EFFECT_RESTORE_MARK:
    case DIVERT_EFFECT_SAVE_MARK:
      g_string_append_printf (text, "-j CONNMARK --%s-mark --nfmask 0x%x --ctmask 0x%x",
                              rule->effect == DIVERT_EFFECT_SAVE_MARK ? "save" : "restore", rule->mask, rule->mask);
      break;
    case DIVERT_EFFECT_TPROXY:
      g_string_append_printf (text, "-j TPROXY --on-port %u", rule->port);
      break;
    case DIVERT_EFFECT_REDIRECT:
      g_string_append_printf (text, "-j REDIRECT --to-ports %u", rule->port);
      break;
    case DIVERT_EFFECT_UNTRACK:
      g_string_append (text, "-j CT --notrack");
      break;
    case DIVERT_EFFECT_MAP:
    default:
      g_string_append (text, "…");
      break;
    }
}

static void
append_legacy_rule (GString                *text,
                    const char             *chain,
                    const DivertSurveyRule *rule)
{
  const DivertMarkMatch *mark = &rule->mark_match;

  g_string_append_printf (text, "-A %s ", chain);
  append_legacy_device (text, "-i", rule->in_interface, rule->in_invert);
  append_legacy_device (text, "-o", rule->out_interface, rule->out_invert);
  append_protocol (text, "-p", rule->protocol);
  if (mark->has)
    g_string_append_printf (text, "-m mark %s--mark 0x%x/0x%x ", mark->invert ? "! " : "", mark->value, mark->mask);
  if (rule->reverse_path)
    g_string_append (text, "-m rpfilter ");
  if (rule->to_loopback6)
    g_string_append (text, "-d … ");
  if (rule->has_more)
    g_string_append (text, "… ");
  append_legacy_effect (text, rule);
}

char *
divert_survey_rule_to_text (const DivertSurvey     *survey,
                            const DivertSurveyRule *rule)
{
  const DivertSurveyChain *chain = divert_survey_get_chain (survey, rule->chain);
  g_autoptr(GString) text = g_string_new (NULL);

  if (chain->world == DIVERT_WORLD_NFTABLES)
    append_nft_rule (text, rule);
  else
    append_legacy_rule (text, chain->name, rule);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
