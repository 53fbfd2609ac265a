/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the connection to a beacon.
 *
 * The pinned key alone counts: no authority, name or date is looked at, and no
 * data is sent.  A certificate is public, so seeing it proves nothing; what proves is the
 * finished handshake, in which the peer signs with its key (no anonymous or
 * shared-key method is offered).
 *
 * GnuTLS directly and not by way of GIO, whose backend it is: GIO gives the
 * certificate but not its SubjectPublicKeyInfo, loads a module and the system's
 * authorities for it, and would be one more package to miss.
 *
 * The socket is bound to the link and does not go beyond it (no gateway, one hop), and
 * its mark keeps our own rules off it: neither the proxy nor a route may answer
 * for the beacon.  A relay on the link still can, if it reaches the real one from
 * there; see SECURITY.md.
 */
#include "beacon-handshake.h"

#include <errno.h>
#include <glib-unix.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
/* A certificate chain has a few kilobytes. */
#define MAX_HANDSHAKE_BYTES (32 * 1024)

struct DivertHandshake
{
  guint8                           sha256[32];
  DivertHandshakeDone              done;
  gpointer                         user_data;
  int                              fd;
  guint                            io_id;
  guint                            timeout_id;
  char                            *early;    /* a failure before anything was waited for */
  gnutls_session_t                 session;  /* NULL: still connecting */
  gnutls_certificate_credentials_t credentials;
};

static void
finish (DivertHandshake *handshake,
        const char      *failure)
{
  handshake->done (failure, handshake->user_data);
}

static gboolean
on_timeout (gpointer user_data)
{
  DivertHandshake *handshake = user_data;

  handshake->timeout_id = 0;
  finish (handshake, handshake->early != NULL ? handshake->early : "no answer in time");
  return G_SOURCE_REMOVE;
}

/* The SHA-256 of the key of the certificate @der. */
static gboolean
digest_key (const gnutls_datum_t *der,
            guint8                ret_sha256[32])
{
  g_autoptr(GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gnutls_datum_t key = { NULL, 0 };
  gnutls_x509_crt_t certificate = NULL;
  gnutls_pubkey_t pubkey = NULL;
  gsize size = 32;
  gboolean known;

  known = gnutls_x509_crt_init (&certificate) == 0 && gnutls_pubkey_init (&pubkey) == 0 &&
          gnutls_x509_crt_import (certificate, der, GNUTLS_X509_FMT_DER) == 0 &&
          gnutls_pubkey_import_x509 (pubkey, certificate, 0) == 0 &&
          gnutls_pubkey_export2 (pubkey, GNUTLS_X509_FMT_DER, &key) == 0;
  if (known)
    {
      g_checksum_update (checksum, key.data, key.size);
      g_checksum_get_digest (checksum, ret_sha256, &size);
    }
  gnutls_free (key.data);
  if (pubkey != NULL)
    gnutls_pubkey_deinit (pubkey);
  if (certificate != NULL)
    gnutls_x509_crt_deinit (certificate);
  return known;
}

static void
check_key (DivertHandshake *handshake)
{
  guint count = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (handshake->session, &count);
  g_autoptr(GString) failure = g_string_new ("another key, sha256:");
  guint8 sha256[32];

  if (chain == NULL || count == 0 || !digest_key (&chain[0], sha256))
    {
      finish (handshake, "no certificate that can be read");
      return;
    }
  if (memcmp (sha256, handshake->sha256, sizeof sha256) == 0)
    {
      finish (handshake, NULL);
      return;
    }
  for (guint i = 0; i < sizeof sha256; i++)
    g_string_append_printf (failure, "%02x", sha256[i]);
  finish (handshake, failure->str);
}

static gboolean on_io (int fd, GIOCondition condition, gpointer user_data);

static void
wait_for (DivertHandshake *handshake,
          GIOCondition     condition)
{
  handshake->io_id = g_unix_fd_add (handshake->fd, condition, on_io, handshake);
}

static gboolean
start_session (DivertHandshake *handshake)
{
  if (gnutls_certificate_allocate_credentials (&handshake->credentials) != 0 ||
      gnutls_init (&handshake->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0 ||
      gnutls_priority_set_direct (handshake->session, PRIORITY, NULL) != 0 ||
      gnutls_credentials_set (handshake->session, GNUTLS_CRD_CERTIFICATE, handshake->credentials) != 0)
    return FALSE;
  gnutls_handshake_set_max_packet_length (handshake->session, MAX_HANDSHAKE_BYTES);
  gnutls_transport_set_int (handshake->session, handshake->fd);
  return TRUE;
}

static void
go_on (DivertHandshake *handshake)
{
  int result = gnutls_handshake (handshake->session);

  if (result == 0)
    check_key (handshake);
  else if (gnutls_error_is_fatal (result))
    finish (handshake, gnutls_strerror (result));
  else
    wait_for (handshake, gnutls_record_get_direction (handshake->session) != 0 ? G_IO_OUT : G_IO_IN);
}

static gboolean
on_io (int          fd,
       GIOCondition condition,
       gpointer     user_data)
{
  DivertHandshake *handshake = user_data;
  socklen_t size = sizeof (int);
  int failure = 0;

  handshake->io_id = 0;
  if (handshake->session != NULL)
    go_on (handshake);
  else if (getsockopt (fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0 || failure != 0)
    finish (handshake, g_strerror (failure != 0 ? failure : errno));
  else if (!start_session (handshake))
    finish (handshake, "TLS cannot be set up");
  else
    go_on (handshake);
  return G_SOURCE_REMOVE;
}

static gboolean
set_option (int fd,
            int level,
            int option,
            int value)
{
  return setsockopt (fd, level, option, &value, sizeof value) == 0;
}

static gboolean
stay_on_link (int          fd,
              DivertFamily family,
              guint        ifindex)
{
  return set_option (fd, SOL_SOCKET, SO_BINDTOIFINDEX, ifindex) && set_option (fd, SOL_SOCKET, SO_DONTROUTE, 1) &&
         (family == DIVERT_FAMILY_IPV4 ? set_option (fd, IPPROTO_IP, IP_TTL, 1) :
                                         set_option (fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1));
}

static gboolean
start_connect (int                 fd,
               const DivertBeacon *beacon,
               guint               ifindex)
{
  struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons (beacon->port) };
  struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons (beacon->port) };
  const struct sockaddr *address = (const struct sockaddr *) &ipv4;
  socklen_t size = sizeof ipv4;

  if (beacon->address.family == DIVERT_FAMILY_IPV4)
    memcpy (&ipv4.sin_addr, beacon->address.bytes, sizeof ipv4.sin_addr);
  else
    {
      memcpy (&ipv6.sin6_addr, beacon->address.bytes, sizeof ipv6.sin6_addr);
      ipv6.sin6_scope_id = divert_prefix_is_link_local (&beacon->address) ? ifindex : 0;
      address = (const struct sockaddr *) &ipv6;
      size = sizeof ipv6;
    }
  return connect (fd, address, size) == 0 || errno == EINPROGRESS;
}

DivertHandshake *
divert_handshake_new (const DivertBeacon  *beacon,
                      guint                ifindex,
                      guint32              mark,
                      guint                timeout_ms,
                      DivertHandshakeDone  done,
                      gpointer             user_data)
{
  DivertHandshake *handshake = g_new0 (DivertHandshake, 1);
  int domain = beacon->address.family == DIVERT_FAMILY_IPV4 ? AF_INET : AF_INET6;
  gboolean started;

  memcpy (handshake->sha256, beacon->sha256, sizeof handshake->sha256);
  handshake->done = done;
  handshake->user_data = user_data;
  handshake->fd = socket (domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  started = handshake->fd >= 0 && stay_on_link (handshake->fd, beacon->address.family, ifindex) &&
            set_option (handshake->fd, SOL_SOCKET, SO_MARK, mark) && start_connect (handshake->fd, beacon, ifindex);
  if (started)
    wait_for (handshake, G_IO_OUT);
  else
    handshake->early = g_strdup (g_strerror (errno));
  handshake->timeout_id = g_timeout_add (started ? timeout_ms : 0, on_timeout, handshake);
  return handshake;
}

void
divert_handshake_free (DivertHandshake *handshake)
{
  if (handshake == NULL)
    return;
  g_clear_handle_id (&handshake->io_id, g_source_remove);
  g_clear_handle_id (&handshake->timeout_id, g_source_remove);
  if (handshake->session != NULL)
    gnutls_deinit (handshake->session);
  if (handshake->credentials != NULL)
    gnutls_certificate_free_credentials (handshake->credentials);
  if (handshake->fd >= 0)
    close (handshake->fd);
  g_free (handshake->early);
  g_free (handshake);
}
