/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: our table's text form, in nft's language.  plan prints it, the golden cases contain it, and
 * the backend's tests compare it with the real program.
 *
 * nft itself omits what another match implies: "ip daddr" implies IPv4, and "tcp dport" TCP.  So do
 * we.
 */
#include "nftables-text.h"

#include "nftables-chains.h"
#include "nftables-expand.h"
#include "nftables-hide.h"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>

static const struct
{
  guint       number;
  const char *name;
} protocols[] = {
  { IPPROTO_TCP, "tcp" },
  { IPPROTO_UDP, "udp" },
  { IPPROTO_ICMP, "icmp" },
  { IPPROTO_ICMPV6, "ipv6-icmp" },
};

const char *
divert_nft_protocol_name (guint number)
{
  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (protocols[i].number == number)
      return protocols[i].name;
  g_assert_not_reached ();
}

const char *
divert_nft_addrtype_name (guint number)
{
  static const char *const names[] = { "unspec", "unicast", "local", "broadcast", "anycast", "multicast" };

  g_assert (number < G_N_ELEMENTS (names));
  return names[number];
}

/* Does a later match look into a header that only packets that match the one at @i have? */
static gboolean
is_implied (const DivertNftRule *rule,
            guint                i)
{
  const DivertNftExpr *expr = divert_nft_rule_index (rule, i);

  if (expr->kind != DIVERT_NFT_MATCH_EQUAL)
    return FALSE;
  for (guint j = i + 1; j < rule->exprs->len && divert_nft_expr_is_match (divert_nft_rule_index (rule, j)); j++)
    {
      const DivertNftKey key = divert_nft_rule_index (rule, j)->key;

      if ((expr->key == DIVERT_NFT_KEY_FAMILY || expr->key == DIVERT_NFT_KEY_ETHER_TYPE) &&
          (key == DIVERT_NFT_KEY_SOURCE || key == DIVERT_NFT_KEY_DESTINATION || key == DIVERT_NFT_KEY_ICMP_TYPE ||
           key == DIVERT_NFT_KEY_ICMPV6_TYPE))
        return TRUE;
      if (expr->key == DIVERT_NFT_KEY_PROTOCOL && key >= DIVERT_NFT_KEY_SPORT && key <= DIVERT_NFT_KEY_ICMPV6_TYPE)
        return TRUE;
    }
  return FALSE;
}

/* "tcp", "udp"; "th" is the header of either, and of a protocol that is compared later. */
static const char *
find_header (const DivertNftRule *rule,
             const DivertNftExpr *port)
{
  for (guint i = 0; divert_nft_rule_index (rule, i) != port; i++)
    {
      const DivertNftExpr *expr = divert_nft_rule_index (rule, i);

      if (expr->kind == DIVERT_NFT_MATCH_EQUAL && expr->key == DIVERT_NFT_KEY_PROTOCOL)
        return divert_nft_protocol_name (expr->value);
    }
  return "th";
}

static void
append_key (GString             *text,
            const DivertNftRule *rule,
            const DivertNftExpr *expr)
{
  static const char *const names[] = {
    [DIVERT_NFT_KEY_IN_INDEX] = "iif",
    [DIVERT_NFT_KEY_OUT_INDEX] = "oif",
    [DIVERT_NFT_KEY_IN_NAME] = "iifname",
    [DIVERT_NFT_KEY_OUT_NAME] = "oifname",
    [DIVERT_NFT_KEY_FAMILY] = "meta nfproto",
    [DIVERT_NFT_KEY_ETHER_TYPE] = "meta protocol",
    /* nft's own words for it, "ether saddr", also compare the kind of a device, which is known here. */
    [DIVERT_NFT_KEY_MAC] = "@ll,48,48",
    [DIVERT_NFT_KEY_SOURCE] = "saddr",
    [DIVERT_NFT_KEY_DESTINATION] = "daddr",
    [DIVERT_NFT_KEY_MARK] = "meta mark",
    [DIVERT_NFT_KEY_CONNMARK] = "ct mark",
    [DIVERT_NFT_KEY_PROTOCOL] = "meta l4proto",
    [DIVERT_NFT_KEY_SPORT] = "sport",
    [DIVERT_NFT_KEY_DPORT] = "dport",
    [DIVERT_NFT_KEY_TCP_FLAGS] = "tcp flags",
    [DIVERT_NFT_KEY_ICMP_TYPE] = "icmp type",
    [DIVERT_NFT_KEY_ICMPV6_TYPE] = "icmpv6 type",
    [DIVERT_NFT_KEY_GID] = "meta skgid",
    [DIVERT_NFT_KEY_SOURCE_TYPE] = "fib saddr type",
    [DIVERT_NFT_KEY_DESTINATION_TYPE] = "fib daddr type",
    [DIVERT_NFT_KEY_WILDCARD] = "socket wildcard",
    [DIVERT_NFT_KEY_CGROUP] = "socket cgroupv2 level",
  };

  if (expr->key == DIVERT_NFT_KEY_SOURCE || expr->key == DIVERT_NFT_KEY_DESTINATION)
    g_string_append (text, expr->family == DIVERT_FAMILY_IPV6 ? "ip6 " : "ip ");
  if (expr->key == DIVERT_NFT_KEY_SPORT || expr->key == DIVERT_NFT_KEY_DPORT)
    g_string_append_printf (text, "%s ", find_header (rule, expr));
  g_string_append (text, names[expr->key]);
}

/* "syn", "(fin | syn)" */
static void
append_flags (GString *text,
              guint    flags)
{
  static const char *const names[] = { "fin", "syn", "rst", "psh", "ack", "urg" };
  const char *separator = "";
  const gboolean many = (flags & (flags - 1)) != 0;

  g_string_append (text, many ? "(" : "");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if ((flags & (1u << i)) != 0)
      {
        g_string_append_printf (text, "%s%s", separator, names[i]);
        separator = " | ";
      }
  g_string_append (text, many ? ")" : "");
}

static void
append_icmpv6_type (GString *text,
                    guint    type)
{
  if (type == 135)
    g_string_append (text, "nd-neighbor-solicit");
  else if (type == 136)
    g_string_append (text, "nd-neighbor-advert");
  else
    g_string_append_printf (text, "%u", type);
}

static void
append_prefix (GString            *text,
               const DivertPrefix *prefix)
{
  g_autofree char *string = divert_prefix_to_string (prefix);

  g_string_append (text, string);
}

/* As a number: without leading zeros. */
static void
append_mac (GString         *text,
            const DivertMac *mac)
{
  guint64 number = 0;

  for (guint i = 0; i < sizeof mac->bytes; i++)
    number = number << 8 | mac->bytes[i];
  g_string_append_printf (text, "0x%" G_GINT64_MODIFIER "x", number);
}

/* " & 255.255.255.0" */
static void
append_mask (GString             *text,
             const DivertNftExpr *expr)
{
  DivertPrefix mask = { .family = expr->family, .length = divert_family_bits (expr->family) };

  for (guint bit = 0; bit < expr->prefix.length; bit++)
    mask.bytes[bit / 8] |= 0x80 >> bit % 8;
  g_string_append (text, " & ");
  append_prefix (text, &mask);
}

static void
append_value (GString             *text,
              const DivertNftExpr *expr)
{
  switch (expr->key)
    {
    case DIVERT_NFT_KEY_IN_INDEX:
    case DIVERT_NFT_KEY_OUT_INDEX:
    case DIVERT_NFT_KEY_IN_NAME:
    case DIVERT_NFT_KEY_OUT_NAME:
      g_string_append_printf (text, "\"%s\"", expr->name);
      break;
    case DIVERT_NFT_KEY_CGROUP:
      g_string_append_printf (text, "%u \"%s\"", expr->value, expr->path);
      break;
    case DIVERT_NFT_KEY_FAMILY:
      g_string_append (text, expr->value == 2 ? "ipv4" : "ipv6");
      break;
    case DIVERT_NFT_KEY_ETHER_TYPE:
      g_string_append (text, expr->value == 2 ? "ip" : "ip6");
      break;
    case DIVERT_NFT_KEY_MAC:
      append_mac (text, &expr->mac);
      break;
    case DIVERT_NFT_KEY_SOURCE:
    case DIVERT_NFT_KEY_DESTINATION:
      append_prefix (text, &expr->prefix);
      break;
    case DIVERT_NFT_KEY_MARK:
    case DIVERT_NFT_KEY_CONNMARK:
      g_string_append_printf (text, "0x%08x", expr->value);
      break;
    case DIVERT_NFT_KEY_PROTOCOL:
      g_string_append (text, divert_nft_protocol_name (expr->value));
      break;
    case DIVERT_NFT_KEY_TCP_FLAGS:
      append_flags (text, expr->value);
      break;
    case DIVERT_NFT_KEY_ICMP_TYPE:
      g_assert (expr->value == ICMP_DEST_UNREACH);
      g_string_append (text, "destination-unreachable");
      break;
    case DIVERT_NFT_KEY_ICMPV6_TYPE:
      append_icmpv6_type (text, expr->value);
      break;
    case DIVERT_NFT_KEY_SOURCE_TYPE:
    case DIVERT_NFT_KEY_DESTINATION_TYPE:
      g_string_append (text, divert_nft_addrtype_name (expr->value));
      break;
    case DIVERT_NFT_KEY_SPORT:
    case DIVERT_NFT_KEY_DPORT:
    case DIVERT_NFT_KEY_GID:
    case DIVERT_NFT_KEY_WILDCARD:
      g_string_append_printf (text, "%u", expr->value);
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
append_match (GString             *text,
              const DivertNftRule *rule,
              const DivertNftExpr *expr)
{
  const gboolean is_flags = expr->key == DIVERT_NFT_KEY_TCP_FLAGS;
  const gboolean is_network = expr->kind == DIVERT_NFT_MATCH_SET &&
                              (expr->key == DIVERT_NFT_KEY_SOURCE || expr->key == DIVERT_NFT_KEY_DESTINATION) &&
                              expr->prefix.length < divert_family_bits (expr->family);
  const gboolean is_masked = expr->mask != G_MAXUINT32;

  append_key (text, rule, expr);
  if (is_masked)
    g_string_append (text, " & ");
  if (is_masked && is_flags)
    append_flags (text, expr->mask);
  else if (is_masked)
    g_string_append_printf (text, "0x%08x", expr->mask);
  if (is_network)
    append_mask (text, expr);
  if (divert_nft_expr_has_set (expr))
    {
      g_string_append_printf (text, "%s @%s", expr->kind == DIVERT_NFT_MATCH_NOT_SET ? " !=" : is_network ? " ==" : "",
                              expr->name);
      return;
    }
  if (expr->kind == DIVERT_NFT_MATCH_NOT_EQUAL)
    g_string_append (text, " !=");
  else if (is_masked)
    g_string_append (text, " ==");
  g_string_append_c (text, ' ');
  append_value (text, expr);
  if (expr->kind == DIVERT_NFT_MATCH_RANGE)
    g_string_append_printf (text, "-%u", expr->last);
}

static void
append_set_mark (GString             *text,
                 const char          *mark,
                 const DivertNftExpr *expr)
{
  if (expr->mask == G_MAXUINT32)
    {
      g_string_append_printf (text, "%s set 0x%08x", mark, expr->value);
      return;
    }
  g_string_append_printf (text, "%s set %s & 0x%08x", mark, mark, ~expr->mask);
  if (expr->value != 0)
    g_string_append_printf (text, " | 0x%08x", expr->value);
}

static void
append_tproxy (GString             *text,
               const DivertNftExpr *expr)
{
  g_autofree char *address = expr->prefix.length > 0 ? divert_prefix_to_string (&expr->prefix) : NULL;
  const gboolean v4 = expr->last == 2;

  g_string_append (text, expr->last == 0 ? "tproxy to " : v4 ? "tproxy ip to " : "tproxy ip6 to ");
  if (address != NULL)
    g_string_append_printf (text, v4 ? "%s" : "[%s]", address);
  g_string_append_printf (text, ":%u", expr->value);
}

static void
append_statement (GString             *text,
                  const DivertNftExpr *expr)
{
  switch (expr->kind)
    {
    case DIVERT_NFT_SET_MARK:
      append_set_mark (text, "meta mark", expr);
      break;
    case DIVERT_NFT_SET_CONNMARK:
      append_set_mark (text, "ct mark", expr);
      break;
    case DIVERT_NFT_HIDE:
    case DIVERT_NFT_UNHIDE:
      g_string_append (text, expr->kind == DIVERT_NFT_HIDE ? DIVERT_NFT_HIDE_TEXT : DIVERT_NFT_UNHIDE_TEXT);
      break;
    case DIVERT_NFT_COUNT:
      g_string_append (text, "counter");
      break;
    case DIVERT_NFT_TPROXY:
      append_tproxy (text, expr);
      break;
    case DIVERT_NFT_REDIRECT:
      g_string_append_printf (text, "redirect to :%u", expr->value);
      break;
    case DIVERT_NFT_RESET:
      g_string_append (text, "reject with tcp reset");
      break;
    case DIVERT_NFT_UNREACHABLE:
      g_string_append_printf (text, "reject with %s port-unreachable",
                              expr->family == DIVERT_FAMILY_IPV6 ? "icmpv6" : "icmp");
      break;
    case DIVERT_NFT_ACCEPT:
      g_string_append (text, "accept");
      break;
    case DIVERT_NFT_DROP:
      g_string_append (text, "drop");
      break;
    case DIVERT_NFT_RETURN:
      g_string_append (text, "return");
      break;
    case DIVERT_NFT_JUMP:
    case DIVERT_NFT_GOTO:
      g_string_append_printf (text, "%s %s", expr->kind == DIVERT_NFT_JUMP ? "jump" : "goto",
                              divert_nft_chain_name (expr->chain));
      break;
    case DIVERT_NFT_MATCH_EQUAL:
    case DIVERT_NFT_MATCH_NOT_EQUAL:
    case DIVERT_NFT_MATCH_RANGE:
    case DIVERT_NFT_MATCH_NOT_SET:
    case DIVERT_NFT_MATCH_SET:
    default:
      g_assert_not_reached ();
    }
}

char *
divert_nft_rule_to_text (const DivertNftRule *rule)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < rule->exprs->len; i++)
    {
      const DivertNftExpr *expr = divert_nft_rule_index (rule, i);

      if (is_implied (rule, i))
        continue;
      if (text->len > 0)
        g_string_append_c (text, ' ');
      if (divert_nft_expr_is_match (expr))
        append_match (text, rule, expr);
      else
        append_statement (text, expr);
    }
  if (rule->comment != NULL)
    g_string_append_printf (text, " comment \"%s\"", rule->comment);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

const char *
divert_nft_rule_get_text (DivertNftRule *rule)
{
  if (rule->text == NULL)
    rule->text = divert_nft_rule_to_text (rule);
  return rule->text;
}
