/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what tells chains and rules apart.
 *
 * A digest is in the kernel, so another process knows it, too, and it is made from the text.  Whatever must be told
 * apart has different text.  FORMAT changes if the same text gets another meaning in the kernel.
 *
 * A fingerprint is made from a rule as it stands in memory, which is much faster than making its text.  So it means
 * nothing in another process.  It begins with a secret, because a stranger chooses some of the addresses in rules, and
 * could otherwise look for two that are told apart by nothing.
 */
#include "nftables-digest.h"

#include "nftables-chains.h"
#include "nftables-text.h"

#include <string.h>

#define FORMAT "2"

/* FNV-1a: it tells texts apart quickly.  Nobody who could deceive it would need to. */
DivertNftDigest
divert_nft_digest_text (const char *text)
{
  DivertNftDigest value = 0xcbf29ce484222325;

  for (const char *c = FORMAT; *c != '\0'; c++)
    value = (value ^ (guint8) *c) * 0x100000001b3;
  for (; *text != '\0'; text++)
    value = (value ^ (guint8) *text) * 0x100000001b3;
  return value != 0 ? value : 1;
}

static DivertNftDigest
digest_chain (const DivertNftTable *table,
              guint                 chain)
{
  const DivertNftHook *hook = divert_nft_chain_hook (chain);
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%s %s %s %d %s", divert_nft_chain_name (chain), hook != NULL ? hook->type : "",
                          hook != NULL ? hook->hook : "", hook != NULL ? hook->priority : 0,
                          divert_nft_chain_comment (chain));
  for (guint i = 0; chain == DIVERT_HOOK_WIRE && i < table->devices->len; i++)
    g_string_append_printf (text, " %s %u", (const char *) table->devices->pdata[i],
                            g_array_index (table->device_indexes, guint, i));
  return divert_nft_digest_text (text->str);
}

/* Those that are the same in each table. */
static const DivertNftDigest *
get_constant (void)
{
  static DivertNftDigest digests[DIVERT_NFT_N_CHAINS];
  static gsize ready;

  if (g_once_init_enter (&ready))
    {
      for (guint chain = 0; chain < DIVERT_NFT_N_CHAINS; chain++)
        if (chain != DIVERT_HOOK_WIRE)
          digests[chain] = digest_chain (NULL, chain);
      g_once_init_leave (&ready, 1);
    }
  return digests;
}

DivertNftDigest
divert_nft_digest_chain (const DivertNftTable *table,
                         guint                 chain)
{
  return chain == DIVERT_HOOK_WIRE ? digest_chain (table, chain) : get_constant ()[chain];
}

static DivertNftDigest
digest_rule (DivertNftRule *rule)
{
  g_autoptr(GString) all = g_string_new (divert_nft_rule_get_text (rule));

  /* The text has names for them. */
  for (guint i = 0; i < rule->exprs->len; i++)
    {
      const DivertNftExpr *expr = divert_nft_rule_index (rule, i);

      if (expr->key == DIVERT_NFT_KEY_OUT_INDEX)
        g_string_append_printf (all, " %u", expr->value);
      if (expr->key == DIVERT_NFT_KEY_CGROUP)
        g_string_append_printf (all, " %" G_GUINT64_FORMAT, expr->cgroup);
    }
  return divert_nft_digest_text (all->str);
}

/* A change of place asks several times for that of each rule, and its text takes longer than all the rest. */
DivertNftDigest
divert_nft_digest_rule (DivertNftRule *rule)
{
  if (rule->digest == 0)
    rule->digest = digest_rule (rule);
  return rule->digest;
}

static gsize
get_secret (void)
{
  static gsize secret;

  if (g_once_init_enter (&secret))
    g_once_init_leave (&secret, g_random_int () | 1);
  return secret;
}

/* All of it but the path, which is somewhere else each time. */
static guint64
fingerprint_rule (const DivertNftRule *rule)
{
  guint64 value = get_secret () * 0x9e3779b97f4a7c15 ^ (guintptr) rule->comment;
  guint64 words[(sizeof (DivertNftExpr) + sizeof (guint64) - 1) / sizeof (guint64)] = { 0 };

  for (guint i = 0; i < rule->exprs->len; i++)
    {
      DivertNftExpr expr = *divert_nft_rule_index (rule, i);

      value ^= expr.path != NULL ? g_str_hash (expr.path) : 0;
      expr.path = NULL;
      memcpy (words, &expr, sizeof expr);
      for (guint j = 0; j < G_N_ELEMENTS (words); j++)
        {
          value = (value ^ words[j]) * 0x9e3779b97f4a7c15;
          value ^= value >> 32;
        }
    }
  return value != 0 ? value : 1;
}

guint64
divert_nft_fingerprint_rule (DivertNftRule *rule)
{
  if (rule->fingerprint == 0)
    rule->fingerprint = fingerprint_rule (rule);
  return rule->fingerprint;
}
