/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: a program for the kernel (classic BPF), which drops the notifications that change nothing.
 *
 * A filter that drops too much hides that a network was exchanged, so it compares everything: the message's type, the
 * link, the address, the state and the link-layer address.  What it does not know it lets through.  A load behind the
 * message's end would drop it; so nothing is loaded that a notification about a neighbour does not have, and an
 * attribute only where the kernel found one of the right length (K4.9).  Loads are in network order.
 *
 * A kernel that refuses the program wakes us more often; nothing else depends on it.
 */
#include "neighbour-filter.h"

#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define ENTRY_OFFSET NLMSG_HDRLEN
#define ATTRIBUTES_OFFSET (NLMSG_HDRLEN + NLMSG_ALIGN (sizeof (struct ndmsg)))

#define HEAR 0xffffffff
#define DROP 0

typedef struct
{
  GArray *code;  /* struct sock_filter */
  GArray *exits; /* guint: the jumps to the end of what is being compared */
} Program;

static void
emit (Program *program,
      guint16  code,
      guint32  k)
{
  const struct sock_filter instruction = { .code = code, .k = k };

  g_array_append_val (program->code, instruction);
}

/* If what was loaded is (@equal) or is not @value, go on; else leave what is being compared. */
static void
demand (Program *program,
        guint32  value,
        gboolean equal)
{
  const struct sock_filter compare = {
    .code = BPF_JMP | BPF_JEQ | BPF_K, .jt = equal ? 1 : 0, .jf = equal ? 0 : 1, .k = value
  };

  g_array_append_val (program->code, compare);
  g_array_append_val (program->exits, program->code->len);
  emit (program, BPF_JMP | BPF_JA, 0);
}

/* Here is where the jumps lead to. */
static void
land (Program *program)
{
  for (guint i = 0; i < program->exits->len; i++)
    {
      const guint jump = g_array_index (program->exits, guint, i);

      g_array_index (program->code, struct sock_filter, jump).k = program->code->len - jump - 1;
    }
  g_array_set_size (program->exits, 0);
}

static void
demand_u8 (Program *program,
           guint    offset,
           guint8   value)
{
  emit (program, BPF_LD | BPF_B | BPF_ABS, offset);
  demand (program, value, TRUE);
}

/* @size: 2 or 4; in host order. */
static void
demand_number (Program *program,
               guint    offset,
               guint    size,
               guint32  value)
{
  emit (program, BPF_LD | (size == 2 ? BPF_H : BPF_W) | BPF_ABS, offset);
  demand (program, size == 2 ? GUINT16_TO_BE (value) : GUINT32_TO_BE (value), TRUE);
}

/* The attribute @type has exactly these bytes (an even number). */
static void
demand_attribute (Program      *program,
                  guint16       type,
                  const guint8 *bytes,
                  guint         n_bytes)
{
  emit (program, BPF_LDX | BPF_W | BPF_IMM, type);
  emit (program, BPF_LD | BPF_W | BPF_IMM, ATTRIBUTES_OFFSET);
  emit (program, BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_NLATTR);
  demand (program, 0, FALSE);
  emit (program, BPF_MISC | BPF_TAX, 0);
  emit (program, BPF_LD | BPF_H | BPF_IND, 0);
  demand (program, GUINT16_TO_BE (NLA_HDRLEN + n_bytes), TRUE);
  for (guint i = 0; i < n_bytes; i += 2)
    {
      emit (program, BPF_LD | BPF_H | BPF_IND, NLA_HDRLEN + i);
      demand (program, bytes[i] << 8 | bytes[i + 1], TRUE);
    }
}

static void
drop_quiet (Program               *program,
            const DivertNeighbour *entry)
{
  demand_number (program, offsetof (struct nlmsghdr, nlmsg_type), 2, RTM_NEWNEIGH);
  demand_u8 (program, ENTRY_OFFSET + offsetof (struct ndmsg, ndm_family),
             divert_netlink_family (entry->address.family));
  demand_number (program, ENTRY_OFFSET + offsetof (struct ndmsg, ndm_ifindex), 4, entry->ifindex);
  emit (program, BPF_LD | BPF_H | BPF_ABS, ENTRY_OFFSET + offsetof (struct ndmsg, ndm_state));
  emit (program, BPF_ALU | BPF_AND | BPF_K, GUINT16_TO_BE (~entry->state));
  demand (program, 0, TRUE);
  demand_attribute (program, NDA_DST, entry->address.bytes, divert_family_bytes (entry->address.family));
  demand_attribute (program, NDA_LLADDR, entry->mac.bytes, sizeof entry->mac.bytes);
  emit (program, BPF_RET | BPF_K, DROP);
  land (program);
}

static void
drop_own (Program *program,
          guint32  port)
{
  demand_number (program, offsetof (struct nlmsghdr, nlmsg_type), 2, RTM_NEWNEIGH);
  demand_number (program, offsetof (struct nlmsghdr, nlmsg_pid), 4, port);
  emit (program, BPF_RET | BPF_K, DROP);
  land (program);
}

void
divert_neighbour_filter_set (int           fd,
                             guint32       port,
                             const GArray *quiet)
{
  Program program = { g_array_new (FALSE, FALSE, sizeof (struct sock_filter)),
                      g_array_new (FALSE, FALSE, sizeof (guint)) };
  struct sock_fprog filter;
  const int none = 0;

  drop_own (&program, port);
  for (guint i = 0; i < MIN (quiet->len, DIVERT_NEIGHBOUR_FILTER_MAX); i++)
    drop_quiet (&program, &g_array_index (quiet, DivertNeighbour, i));
  emit (&program, BPF_RET | BPF_K, HEAR);
  filter.len = program.code->len;
  filter.filter = (struct sock_filter *) program.code->data;
  if (quiet->len == 0 || setsockopt (fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
    setsockopt (fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none);
  g_array_unref (program.code);
  g_array_unref (program.exits);
}
