/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the bytes of one rule.
 *
 * An entry is a header (addresses, interfaces, protocol), then the matches, then the target.
 * Matches and targets each consist of a size, a name, a revision and their own structure
 * (iptables-match.c, iptables-target.c).  The bytes are the same as iptables-legacy makes from the
 * rule's text; a test compares them.
 */
#include "iptables-entry.h"
#include "iptables-extension.h"

#include <string.h>

#include <linux/netfilter/x_tables.h>

/* struct xt_entry_match and struct xt_entry_target, as a program sees them. */
typedef struct
{
  guint16 size; /* of this and the data after it, aligned */
  char    name[XT_EXTENSION_MAXNAMELEN];
  guint8  revision;
} Header;

G_STATIC_ASSERT (sizeof (Header) == XT_ALIGN (sizeof (struct xt_entry_match)));
G_STATIC_ASSERT (sizeof (Header) == XT_ALIGN (sizeof (struct xt_entry_target)));
G_STATIC_ASSERT (sizeof (struct xt_standard_target) > sizeof (Header));

/* Every match once, and a target.  Never reached, because no rule needs tcp, udp and icmp6 together. */
#define ENTRY_SIZE_MAX 2048

typedef struct
{
  guint64 bytes[ENTRY_SIZE_MAX / sizeof (guint64)];
  gsize   size;
} Builder;

static void *
at (const void *entry,
    gsize       offset)
{
  return (guint8 *) entry + offset;
}

static guint8
read_byte (const void *entry,
           gsize       offset)
{
  return *(const guint8 *) at (entry, offset);
}

static void
write_half (void    *entry,
            gsize    offset,
            guint16  value)
{
  *(guint16 *) at (entry, offset) = value;
}

/* The data of a new match or target, all zeros. */
static void *
append (Builder    *builder,
        const char *name,
        guint8      revision,
        gsize       data_size)
{
  Header *header = at (builder->bytes, builder->size);
  gsize size = sizeof *header + XT_ALIGN (data_size);

  g_assert (builder->size + size <= sizeof builder->bytes);
  header->size = size;
  header->revision = revision;
  g_strlcpy (header->name, name, sizeof header->name);
  builder->size += size;
  return header + 1;
}

static void
fill_prefix (void               *entry,
             gsize               address,
             gsize               mask,
             const DivertPrefix *prefix)
{
  /* The kernel compares (packet & mask) with the address, so host bits would prevent any match (K1.6). */
  DivertPrefix network = divert_prefix_network (prefix);

  memcpy (at (entry, address), network.bytes, divert_family_bytes (network.family));
  for (guint bit = 0; bit < network.length; bit++)
    *(guint8 *) at (entry, mask + bit / 8) |= 0x80 >> bit % 8;
}

static void
fill_interface (void       *entry,
                gsize       name,
                gsize       mask,
                const char *interface)
{
  gsize length = strlen (interface);

  if (length == 0)
    return;
  memcpy (at (entry, name), interface, length);
  memset (at (entry, mask), 0xff, length + 1); /* with the NUL, so that only this exact name matches */
}

static void
fill_header (const DivertIptablesLayout *layout,
             void                       *entry,
             const DivertXtRule         *rule)
{
  guint8 flags = 0;

  if (rule->has_source)
    fill_prefix (entry, layout->source, layout->source_mask, &rule->source);
  if (rule->has_destination)
    fill_prefix (entry, layout->destination, layout->destination_mask, &rule->destination);
  fill_interface (entry, layout->in_interface, layout->in_mask, rule->in_interface);
  fill_interface (entry, layout->out_interface, layout->out_mask, rule->out_interface);
  if (rule->in_invert)
    *(guint8 *) at (entry, layout->inverse_flags) |= layout->inverse_in;
  if (rule->out_invert)
    *(guint8 *) at (entry, layout->inverse_flags) |= layout->inverse_out;
  write_half (entry, layout->protocol, rule->protocol);
  if (rule->protocol != 0)
    flags |= layout->flag_protocol;
  if (rule->target == DIVERT_XT_GOTO)
    flags |= layout->flag_goto;
  *(guint8 *) at (entry, layout->flags) = flags;
}

/* libiptc turns the name of a standard target ("RETURN", "DROP", a chain) into its number. */
static const char *
name_target (const DivertXtRule            *rule,
             const DivertIptablesExtension *extension)
{
  switch (rule->target)
    {
    case DIVERT_XT_RETURN:
      return "RETURN";
    case DIVERT_XT_DROP:
      return "DROP";
    case DIVERT_XT_JUMP:
    case DIVERT_XT_GOTO:
      return rule->to;
    default:
      return extension->name;
    }
}

DivertIptablesEntry *
divert_iptables_entry_new (const DivertIptablesFamily *ops,
                           const DivertXtRule         *rule)
{
  Builder builder = { .size = ops->layout.size };
  DivertIptablesEntry *entry;
  const DivertIptablesExtension *extension = divert_iptables_find_target (rule->target, ops->family);
  const char *target = name_target (rule, extension);

  fill_header (&ops->layout, builder.bytes, rule);
  for (guint i = 0; i < divert_iptables_n_matches; i++)
    {
      const DivertIptablesExtension *match = &divert_iptables_matches[i].extension;

      if (divert_iptables_matches[i].is_wanted (rule))
        match->fill (rule, append (&builder, match->name, match->revision, match->size));
    }
  write_half (builder.bytes, ops->layout.target_offset, builder.size);
  if (extension == NULL)
    append (&builder, target, 0, sizeof (struct xt_standard_target) - sizeof (Header));
  else
    extension->fill (rule, append (&builder, target, extension->revision, extension->size));
  write_half (builder.bytes, ops->layout.next_offset, builder.size);

  entry = g_malloc (sizeof *entry + builder.size);
  entry->ops = ops;
  entry->is_standard = extension == NULL;
  g_strlcpy (entry->chain, rule->chain, sizeof entry->chain);
  g_strlcpy (entry->target, target, sizeof entry->target);
  memcpy (entry->bytes, builder.bytes, builder.size);
  return entry;
}

static gboolean
is_standard (const void                 *entry,
             const DivertIptablesLayout *layout)
{
  const Header *target = at (entry, divert_iptables_get_offset (entry, layout->target_offset));

  return target->name[0] == '\0';
}

/* Not memcmp() over everything, because after the NUL of a name the kernel leaves what was in our buffer. */
static gboolean
same_extension (const Header *a,
                const Header *b)
{
  return a->size == b->size && a->revision == b->revision && strncmp (a->name, b->name, sizeof a->name) == 0 &&
         memcmp (a + 1, b + 1, a->size - sizeof *a) == 0;
}

gboolean
divert_iptables_entry_equal (const DivertIptablesEntry *entry,
                             const void                *kernel,
                             const char                *kernel_target)
{
  const DivertIptablesLayout *layout = &entry->ops->layout;
  guint16 target = divert_iptables_get_offset (entry->bytes, layout->target_offset);
  guint16 end = divert_iptables_get_offset (entry->bytes, layout->next_offset);

  if (divert_iptables_get_offset (kernel, layout->target_offset) != target ||
      divert_iptables_get_offset (kernel, layout->next_offset) != end ||
      memcmp (entry->bytes, kernel, layout->inverse_flags + 1) != 0 ||
      !g_str_equal (entry->target, kernel_target) || entry->is_standard != is_standard (kernel, layout))
    return FALSE;

  for (gsize offset = layout->size; offset < target; offset += ((const Header *) at (entry->bytes, offset))->size)
    if (!same_extension (at (entry->bytes, offset), at (kernel, offset)))
      return FALSE;
  /* For a standard target, the name says everything. */
  return entry->is_standard || same_extension (at (entry->bytes, target), at (kernel, target));
}

gboolean
divert_iptables_entry_is_tagged (const DivertIptablesFamily *ops,
                                 const void                 *kernel)
{
  guint16 target = divert_iptables_get_offset (kernel, ops->layout.target_offset);

  for (gsize offset = ops->layout.size; offset < target; offset += ((const Header *) at (kernel, offset))->size)
    {
      const Header *header = at (kernel, offset);
      const DivertIptablesExtension *match;
      DivertXtRule rule = { 0 };

      if (!g_str_equal (header->name, "comment"))
        continue;
      match = divert_iptables_find_match (header->name, header->revision, ops->family);
      if (match != NULL)
        match->parse (header + 1, &rule);
      if (rule.tagged)
        return TRUE;
    }
  return FALSE;
}

static void
parse_prefix (const void   *entry,
              gsize         address,
              gsize         mask,
              DivertFamily  family,
              gboolean     *has,
              DivertPrefix *prefix)
{
  guint length = 0;

  while (length < divert_family_bits (family) && (read_byte (entry, mask + length / 8) & 0x80 >> length % 8) != 0)
    length++;
  *has = length > 0;
  if (*has)
    *prefix = divert_prefix_from_bytes (family, at (entry, address), length);
}

static void
parse_header (const DivertIptablesFamily *ops,
              const void                 *entry,
              DivertXtRule               *rule)
{
  const DivertIptablesLayout *layout = &ops->layout;

  parse_prefix (entry, layout->source, layout->source_mask, ops->family, &rule->has_source, &rule->source);
  parse_prefix (entry, layout->destination, layout->destination_mask, ops->family, &rule->has_destination,
                &rule->destination);
  g_strlcpy (rule->in_interface, at (entry, layout->in_interface), sizeof rule->in_interface);
  g_strlcpy (rule->out_interface, at (entry, layout->out_interface), sizeof rule->out_interface);
  rule->in_invert = (read_byte (entry, layout->inverse_flags) & layout->inverse_in) != 0;
  rule->out_invert = (read_byte (entry, layout->inverse_flags) & layout->inverse_out) != 0;
  rule->protocol = divert_iptables_get_offset (entry, layout->protocol);
}

static gboolean
parse_target (const DivertIptablesFamily *ops,
              const void                 *entry,
              const char                 *name,
              DivertXtRule               *rule)
{
  const Header *header = at (entry, divert_iptables_get_offset (entry, ops->layout.target_offset));

  if (name[0] == '\0')
    return FALSE; /* a rule that only counts */
  if (is_standard (entry, &ops->layout))
    {
      gboolean is_goto = (read_byte (entry, ops->layout.flags) & ops->layout.flag_goto) != 0;

      rule->target = g_str_equal (name, "RETURN") ? DIVERT_XT_RETURN :
                     g_str_equal (name, "DROP")   ? DIVERT_XT_DROP :
                     is_goto                      ? DIVERT_XT_GOTO :
                                                    DIVERT_XT_JUMP;
      if (rule->target == DIVERT_XT_GOTO || rule->target == DIVERT_XT_JUMP)
        g_strlcpy (rule->to, name, sizeof rule->to);
      return TRUE;
    }
  for (guint i = 0; i < divert_iptables_n_targets; i++)
    {
      const DivertIptablesExtension *target = &divert_iptables_targets[i].extension;

      if ((target->families & (1 << ops->family)) == 0 || target->revision != header->revision ||
          !g_str_equal (target->name, name) || header->size != sizeof *header + XT_ALIGN (target->size))
        continue;
      rule->target = divert_iptables_targets[i].target;
      target->parse (header + 1, rule);
      return TRUE;
    }
  return FALSE;
}

gboolean
divert_iptables_entry_parse (const DivertIptablesFamily *ops,
                             const void                 *kernel,
                             const char                 *kernel_target,
                             DivertXtTable               table,
                             const char                 *chain,
                             DivertXtRule               *ret_rule)
{
  guint16 target = divert_iptables_get_offset (kernel, ops->layout.target_offset);
  DivertXtRule rule = { .table = table };
  g_autofree DivertIptablesEntry *again = NULL;

  g_strlcpy (rule.chain, chain, sizeof rule.chain);
  parse_header (ops, kernel, &rule);
  for (gsize offset = ops->layout.size; offset < target; offset += ((const Header *) at (kernel, offset))->size)
    {
      const Header *header = at (kernel, offset);
      const DivertIptablesExtension *match = divert_iptables_find_match (header->name, header->revision, ops->family);

      if (match == NULL || header->size != sizeof *header + XT_ALIGN (match->size))
        return FALSE;
      match->parse (header + 1, &rule);
    }
  if (!parse_target (ops, kernel, kernel_target, &rule))
    return FALSE;

  /* The parsers look only at what a rule can express.  If there was anything else, the bytes differ. */
  again = divert_iptables_entry_new (ops, &rule);
  if (!divert_iptables_entry_equal (again, kernel, kernel_target))
    return FALSE;
  *ret_rule = rule;
  return TRUE;
}
