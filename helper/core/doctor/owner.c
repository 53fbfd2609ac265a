/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the names and numbers that other programs use.
 */
#include "owner.h"

#include <string.h>

typedef struct
{
  const char *owner;
  guint32     table; /* 0: any */
  guint32     mark, mask; /* mask 0: any */
} KnownPolicy;

static const KnownPolicy known_policies[] = {
  { "Tailscale", 52, 0, 0 },
  { "Tailscale", 0, 0x80000, 0xff0000 },
  { "Mullvad VPN", 0x6d6f6c65, 0, 0 },
  { "NetBird", 7120, 0, 0 },
  { "NordVPN", 205, 0, 0 },
  { "strongSwan", 220, 0, 0 },
  { "sing-box", 2022, 0, 0 },
  { "wg-quick", 51820, 0, 0 },
};

const char *
divert_owner_of_policy (const DivertPolicy *policy)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_policies); i++)
    {
      const KnownPolicy *known = &known_policies[i];

      if ((known->table == 0 || (policy->action == DIVERT_POLICY_LOOKUP && known->table == policy->table)) &&
          (known->mask == 0 || (known->mark == policy->mark && known->mask == policy->mask)))
        return known->owner;
    }
  /* Its table and its mark have the same number, and the main table comes before it, without the default route. */
  if (policy->invert && policy->mark != 0 && policy->mark == policy->table)
    return "wg-quick";
  if (policy->action == DIVERT_POLICY_LOOKUP && policy->table == DIVERT_TABLE_MAIN &&
      policy->suppress_prefixlength == 0)
    return "wg-quick";
  return "";
}

typedef struct
{
  const char *owner;
  const char *prefix; /* of a name, in lower case */
} KnownName;

static const KnownName known_tables[] = {
  { "wg-quick", "wg-quick-" }, { "firewalld", "firewalld" }, { "mihomo", "mihomo" }, { "clash", "clash" },
  { "sing-box", "sing-box" },  { "v2rayA", "v2raya" },       { "Xray", "xray" },     { "V2Ray", "v2ray" },
  { "Mullvad VPN", "mullvad" }, { "libvirt", "libvirt_network" }, { "Docker", "docker-bridges" },
};

static const KnownName known_chains[] = {
  { "mihomo", "mihomo" }, { "clash", "clash" },   { "sing-box", "sing-box" }, { "sing-box", "singbox" },
  { "v2rayA", "tp_" },    { "Xray", "xray" },     { "V2Ray", "v2ray" },       { "redsocks", "redsocks" },
  { "Tailscale", "ts-" }, { "Docker", "docker" }, { "libvirt", "libvirt_" },  { "ufw", "ufw" },
  { "firewalld", "rfc3964" }, { "Kubernetes", "kube-" }, { "Shadowsocks", "ss_spec_" },
};

static const char *
find_name (const KnownName *names,
           gsize            n_names,
           const char      *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (gsize i = 0; i < n_names; i++)
    if (g_str_has_prefix (lower, names[i].prefix))
      return names[i].owner;
  return "";
}

const char *
divert_owner_of_chain (const DivertSurveyChain *chain)
{
  const char *owner = find_name (known_tables, G_N_ELEMENTS (known_tables), chain->table);

  return *owner != '\0' ? owner : find_name (known_chains, G_N_ELEMENTS (known_chains), chain->name);
}
