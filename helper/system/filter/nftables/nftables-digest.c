/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what tells chains and rules apart.
 *
 * A digest is in the kernel, so another process knows it, too, and it is made from the text.  Whatever must be told
 * apart has different text.  FORMAT changes if the same text gets another meaning in the kernel.
 *
 * A rule that this process wrote, and still has, is compared as it stands in memory.
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

static gboolean
expr_equal (const DivertNftExpr *a,
            const DivertNftExpr *b)
{
  DivertNftExpr x = *a, y = *b;

  /* The paths are the rulesets'. */
  x.path = y.path = NULL;
  return memcmp (&x, &y, sizeof x) == 0 && g_strcmp0 (a->path, b->path) == 0;
}

gboolean
divert_nft_rule_equal (const DivertNftRule *a,
                       const DivertNftRule *b)
{
  if (a->chain != b->chain || a->comment != b->comment || a->exprs->len != b->exprs->len)
    return FALSE;
  for (guint i = 0; i < a->exprs->len; i++)
    if (!expr_equal (divert_nft_rule_index (a, i), divert_nft_rule_index (b, i)))
      return FALSE;
  return TRUE;
}
