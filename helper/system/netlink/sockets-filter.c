/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: programs for the kernel's filter of sockets.
 *
 * Each instruction says how many bytes to go on if it holds (yes), and if it doesn't (no).  A socket is listed if that
 * leads exactly to the program's end, so whoever goes past it isn't.  The kernel takes only a program in which each
 * "yes" leads to the instruction behind, so that any other way needs a "no" or a jump, whose "no" it always takes.
 */
#include "sockets-filter.h"

#include <linux/inet_diag.h>
#include <string.h>

/* An instruction's offsets have 16 bits.  What is left out here, the caller has to tell by himself. */
#define MAX_PREFIXES 512

#define JUMP_BYTES sizeof (struct inet_diag_bc_op)
#define PORT_BYTES (2 * sizeof (struct inet_diag_bc_op))

static void
add (GByteArray *program,
     guint       code,
     guint       yes,
     guint       no)
{
  const struct inet_diag_bc_op op = { code, yes, no };

  g_byte_array_append (program, (const guint8 *) &op, sizeof op);
}

static void
add_port (GByteArray *program,
          guint       code,
          guint16     port,
          guint       no)
{
  add (program, code, PORT_BYTES, no);
  add (program, INET_DIAG_BC_NOP, 0, port);
}

static guint
get_condition_bytes (const DivertPrefix *prefix)
{
  return sizeof (struct inet_diag_bc_op) + sizeof (struct inet_diag_hostcond) + divert_family_bytes (prefix->family);
}

static void
add_remote (GByteArray         *program,
            const DivertPrefix *prefix,
            guint               no)
{
  struct inet_diag_hostcond condition;

  memset (&condition, 0, sizeof condition);
  condition.family = divert_netlink_family (prefix->family);
  condition.prefix_len = prefix->length;
  condition.port = -1;
  add (program, INET_DIAG_BC_D_COND, get_condition_bytes (prefix), no);
  g_byte_array_append (program, (const guint8 *) &condition, sizeof condition);
  g_byte_array_append (program, prefix->bytes, divert_family_bytes (prefix->family));
}

void
divert_socket_filter_put (DivertNetlinkMessage *msg,
                          const DivertPorts    *ephemeral,
                          const GArray         *not_to)
{
  const guint n = MIN (not_to->len, MAX_PREFIXES), past = sizeof (struct inet_diag_bc_op);
  guint rest = sizeof (struct inet_diag_bc_op) + PORT_BYTES + JUMP_BYTES + PORT_BYTES;
  g_autoptr(GByteArray) program = g_byte_array_new ();

  for (guint i = 0; i < n; i++)
    rest += get_condition_bytes (divert_prefixes_index (not_to, i)) + JUMP_BYTES;

  add (program, INET_DIAG_BC_AUTO, sizeof (struct inet_diag_bc_op), rest + past);
  rest -= sizeof (struct inet_diag_bc_op);
  for (guint i = 0; i < n; i++)
    {
      const guint bytes = get_condition_bytes (divert_prefixes_index (not_to, i));

      add_remote (program, divert_prefixes_index (not_to, i), bytes + JUMP_BYTES);
      rest -= bytes;
      add (program, INET_DIAG_BC_JMP, JUMP_BYTES, rest + past);
      rest -= JUMP_BYTES;
    }
  add_port (program, INET_DIAG_BC_S_LE, ephemeral->first - 1, PORT_BYTES + JUMP_BYTES);
  add (program, INET_DIAG_BC_JMP, JUMP_BYTES, JUMP_BYTES + PORT_BYTES);
  add_port (program, INET_DIAG_BC_S_GE, MIN (ephemeral->last + 1, G_MAXUINT16), PORT_BYTES + past);
  nla_put (msg, INET_DIAG_REQ_BYTECODE, program->len, program->data);
}
