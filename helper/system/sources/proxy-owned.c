/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: when the processes are read to find out whose a listener is.
 *
 * That takes some 20 µs for each process of the machine.  So a socket that was the proxy's stays the proxy's, and one
 * that was not is asked about again at growing intervals: a proxy may listen first and change its group then.  Whoever
 * makes new listeners all the time waits for an answer, and until then they are not the proxy's.
 */
#include "proxy-owned.h"

#include "system/netlink/sockets-owner.h"

#define INTERVAL_MIN_US (50 * G_TIME_SPAN_MILLISECOND)
#define INTERVAL_MAX_US (10 * G_TIME_SPAN_SECOND)

/* The kernel's cookies of sockets. */
typedef struct
{
  GHashTable *before; /* of the last look */
  GHashTable *now;
} Cookies;

struct DivertProxyOwned
{
  Cookies       proxys;
  Cookies       foreign;
  DivertOwners *owners;       /* NULL: not read in this look */
  guint32       gid;
  const char   *unit;
  gint64        now;
  gint64        foreign_since;
  gint64        read_last;
  gint64        read_next;
};

static void
cookies_init (Cookies *cookies)
{
  cookies->before = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  cookies->now = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}

static void
cookies_clear (Cookies *cookies)
{
  g_hash_table_unref (cookies->before);
  g_hash_table_unref (cookies->now);
}

static void
cookies_turn (Cookies *cookies)
{
  GHashTable *before = cookies->before;

  cookies->before = cookies->now;
  cookies->now = before;
  g_hash_table_remove_all (before);
}

DivertProxyOwned *
divert_proxy_owned_new (void)
{
  DivertProxyOwned *owned = g_new0 (DivertProxyOwned, 1);

  cookies_init (&owned->proxys);
  cookies_init (&owned->foreign);
  return owned;
}

void
divert_proxy_owned_free (DivertProxyOwned *owned)
{
  cookies_clear (&owned->proxys);
  cookies_clear (&owned->foreign);
  divert_owners_free (owned->owners);
  g_free (owned);
}

void
divert_proxy_owned_forget (DivertProxyOwned *owned)
{
  g_hash_table_remove_all (owned->proxys.before);
  g_hash_table_remove_all (owned->foreign.before);
  owned->read_last = 0;
}

void
divert_proxy_owned_begin (DivertProxyOwned *owned,
                          guint32           gid,
                          const char       *unit,
                          gint64            now)
{
  owned->gid = gid;
  owned->unit = unit;
  owned->now = now;
}

void
divert_proxy_owned_end (DivertProxyOwned *owned)
{
  cookies_turn (&owned->proxys);
  cookies_turn (&owned->foreign);
  if (g_hash_table_size (owned->foreign.before) == 0)
    owned->foreign_since = 0;
  else if (owned->foreign_since == 0)
    owned->foreign_since = owned->now;
  if (owned->owners != NULL)
    owned->read_last = owned->now;
  if (owned->owners != NULL)
    owned->read_next = owned->now + CLAMP (owned->now - owned->foreign_since, INTERVAL_MIN_US, INTERVAL_MAX_US);
  g_clear_pointer (&owned->owners, divert_owners_free);
}

gboolean
divert_proxy_owned_has (const DivertSocket *socket,
                        gpointer            user_data)
{
  const gint64 cookie = (gint64) socket->diag.id.idiag_cookie[1] << 32 | socket->diag.id.idiag_cookie[0];
  DivertProxyOwned *owned = user_data;
  gboolean has = g_hash_table_contains (owned->proxys.before, &cookie);
  const gboolean known = has || g_hash_table_contains (owned->foreign.before, &cookie);

  if (!has && owned->owners == NULL && owned->now >= (known ? owned->read_next : owned->read_last + INTERVAL_MIN_US))
    owned->owners = divert_owners_read (owned->gid, owned->unit);
  if (!has && owned->owners != NULL)
    has = divert_owners_hold (owned->owners, socket);
  /* What has not been asked about is still new the next time. */
  if (known || owned->owners != NULL)
    g_hash_table_add (has ? owned->proxys.now : owned->foreign.now, g_memdup2 (&cookie, sizeof cookie));
  return has;
}
