/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the list of findings, and what to ask the kernel for it.
 */
#include "findings-private.h"

#include <netinet/in.h>
#include <string.h>

/* Enough to notice a rule that takes an intranet, however many there are. */
#define MAX_DESTINATIONS 32

static void
add_note (DivertDiagnosis   *diagnosis,
          DivertFindingKind  kind,
          const char        *where)
{
  g_ptr_array_add (diagnosis->findings, divert_finding_new (kind, g_strdup (where), g_strdup (""), "", g_strdup ("")));
}

char *
divert_diagnosis_quote (const char *name)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@";

  return name[0] != '\0' && strspn (name, plain) == strlen (name) ? g_strdup (name) : g_shell_quote (name);
}

/* If a group is named as well, it is known by that. */
static void
see_unit (DivertDiagnosis    *diagnosis,
          const DivertConfig *config,
          const DivertFacts  *facts)
{
  g_autofree char *name = config->unit != NULL ? divert_diagnosis_quote (config->unit) : NULL;

  if (name == NULL || config->group != NULL || facts == NULL || divert_facts_find_unit (facts, config->unit) != NULL)
    return;
  g_ptr_array_add (diagnosis->findings,
                   divert_finding_new (DIVERT_FINDING_UNIT, g_strdup (config->unit), g_strdup (""), "",
                                       g_strconcat ("systemctl start ", name, NULL)));
}

/* How its answers are sent isn't in what the kernel tells about a socket. */
static void
see_resolver (DivertDiagnosis    *diagnosis,
              const DivertConfig *config,
              const DivertFacts  *facts)
{
  for (DivertFamily family = 0; facts != NULL && config->dns_port != 0 && family < DIVERT_N_FAMILIES; family++)
    {
      const DivertListening *resolver =
        divert_listening_find (facts->listening, DIVERT_PORT_DNS, config->dns_port, IPPROTO_UDP, family);
      g_autofree char *where = g_strdup_printf ("%s:%u", family == DIVERT_FAMILY_IPV6 ? "[::]" : "0.0.0.0",
                                                config->dns_port);

      if (resolver != NULL && resolver->wildcard)
        add_note (diagnosis, DIVERT_FINDING_DNS_WILDCARD, where);
    }
}

static void
add_for_sources (DivertDiagnosis   *diagnosis,
                 DivertFindingKind  kind,
                 guint              sources)
{
  for (guint i = 0; i < DIVERT_N_SOURCES; i++)
    if ((sources & 1u << i) != 0)
      add_note (diagnosis, kind, divert_source_name (i));
}

/* Is no host that is reached past the tunnel in bypass?  Then its server isn't either. */
static void
see_tunnel (DivertDiagnosis    *diagnosis,
            const DivertConfig *config,
            const DivertSurvey *survey)
{
  const DivertFullTunnel *tunnel = &survey->tunnel;
  g_autofree char *past = divert_prefixes_to_string (tunnel->past);

  for (guint i = 0; i < tunnel->past->len; i++)
    if (divert_prefixes_contain (config->bypass, divert_prefixes_index (tunnel->past, i)))
      return;
  if (tunnel->device[0] != '\0' && tunnel->past->len > 0)
    g_ptr_array_add (diagnosis->findings, divert_finding_new (DIVERT_FINDING_TUNNEL, g_strdup (tunnel->device),
                                                              g_steal_pointer (&past), "", g_strdup ("")));
}

static int
compare (gconstpointer a,
         gconstpointer b)
{
  const DivertFinding *const *x = a, *const *y = b;

  return (int) (*x)->kind - (int) (*y)->kind;
}

/* g_ptr_array_sort() keeps the order of what is equal. */
DivertDiagnosis *
divert_diagnosis_new (const DivertConfig *config,
                      const char         *backend,
                      const DivertSurvey *survey,
                      const DivertFacts  *facts)
{
  DivertDiagnosis *diagnosis = g_new0 (DivertDiagnosis, 1);

  diagnosis->findings = g_ptr_array_new_with_free_func ((GDestroyNotify) divert_finding_free);
  divert_diagnosis_see_policies (diagnosis, config, survey);
  see_tunnel (diagnosis, config, survey);
  divert_diagnosis_see_filters (diagnosis, config, backend, survey);
  divert_diagnosis_see_drops (diagnosis, config, survey);
  see_unit (diagnosis, config, facts);
  see_resolver (diagnosis, config, facts);
  add_for_sources (diagnosis, DIVERT_FINDING_UNREAD, survey->unread);
  add_for_sources (diagnosis, DIVERT_FINDING_CUT, survey->cut);
  g_ptr_array_sort (diagnosis->findings, compare);
  if (diagnosis->findings->len > DIVERT_DIAGNOSIS_MAX_FINDINGS)
    {
      g_ptr_array_set_size (diagnosis->findings, DIVERT_DIAGNOSIS_MAX_FINDINGS - 1);
      add_note (diagnosis, DIVERT_FINDING_CUT, "findings");
    }
  return diagnosis;
}

void
divert_diagnosis_free (DivertDiagnosis *diagnosis)
{
  if (diagnosis == NULL)
    return;
  g_ptr_array_unref (diagnosis->findings);
  g_free (diagnosis);
}

static void
add_address (GArray             *destinations,
             const DivertConfig *config,
             const DivertPrefix *prefix)
{
  const DivertPrefix address = divert_prefix_host (prefix);

  if (destinations->len < MAX_DESTINATIONS && (address.family != DIVERT_FAMILY_IPV6 || config->ipv6))
    divert_prefixes_add (destinations, &address);
}

GArray *
divert_diagnosis_list_destinations (const DivertConfig   *config,
                                    const DivertDecision *decision)
{
  static const char *const internet[] = { DIVERT_SURVEY_INTERNET, "2001:db8::1" };
  GArray *destinations = divert_prefixes_new ();

  for (guint i = 0; i < G_N_ELEMENTS (internet); i++)
    {
      DivertPrefix address;

      if (divert_address_parse (internet[i], &address, NULL))
        add_address (destinations, config, &address);
    }
  for (guint i = 0; i < config->sites->len; i++)
    {
      const DivertSite *site = g_ptr_array_index (config->sites, i);

      for (guint j = 0; j < site->intranet->len; j++)
        if (!divert_prefixes_contain (decision->direct, divert_prefixes_index (site->intranet, j)))
          add_address (destinations, config, divert_prefixes_index (site->intranet, j));
    }
  return destinations;
}
