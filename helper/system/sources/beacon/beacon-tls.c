/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what a beacon must prove, and what its impostor may cost.
 *
 * The pinned key alone counts: no authority, name or date is looked at, and no data is sent.  A certificate is public,
 * so seeing it proves nothing; what proves is the finished handshake, in which the peer signs with its key (no
 * anonymous or shared-key method is offered).
 *
 * Whoever answers may be a stranger, who chooses what we compute: verifying a signature of an RSA key of 65,536 bits
 * takes most of a minute.  So the key is compared with the pin as soon as the certificate is there, and the only key
 * that is ever computed with is the pinned one.  Groups of the peer's own making (finite-field Diffie-Hellman) are not
 * offered.  What it sends is counted: it may talk without end, and not only within one message.
 *
 * GnuTLS directly and not by way of GIO, whose backend it is: GIO gives the certificate but not its
 * SubjectPublicKeyInfo, loads a module and the system's authorities for it, and would be one more package to miss.
 */
#include "beacon-tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/socket.h>

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-DHE-RSA:-DHE-PSK:-GROUP-DH-ALL"
/* A certificate chain has a few kilobytes. */
#define MAX_MESSAGE_BYTES (32 * 1024)
#define MAX_BYTES (64 * 1024)

typedef struct
{
  int           fd;
  const guint8 *sha256;
  gsize         received;
  char         *failure; /* what GnuTLS cannot know */
} Proof;

static ssize_t
pull (gnutls_transport_ptr_t data,
      void                  *buffer,
      size_t                 size)
{
  Proof *proof = data;
  ssize_t n = -1;

  errno = EMSGSIZE;
  if (proof->received < MAX_BYTES)
    n = recv (proof->fd, buffer, size, 0);
  if (n > 0)
    proof->received += n;
  return n;
}

static ssize_t
push (gnutls_transport_ptr_t data,
      const void            *buffer,
      size_t                 size)
{
  return send (((const Proof *) data)->fd, buffer, size, MSG_NOSIGNAL);
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

static char *
name_key (const guint8 sha256[32])
{
  GString *text = g_string_new ("another key, sha256:");

  for (guint i = 0; i < 32; i++)
    g_string_append_printf (text, "%02x", sha256[i]);
  return g_string_free (text, FALSE);
}

/* GnuTLS calls this between the certificate and the first use of its key. */
static int
check_key (gnutls_session_t session)
{
  Proof *proof = gnutls_session_get_ptr (session);
  guint count = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &count);
  guint8 sha256[32];

  if (chain == NULL || count == 0 || !digest_key (&chain[0], sha256))
    proof->failure = g_strdup ("no certificate that can be read");
  else if (memcmp (sha256, proof->sha256, sizeof sha256) != 0)
    proof->failure = name_key (sha256);
  return proof->failure == NULL ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static char *
shake_hands (gnutls_session_t session,
             Proof           *proof)
{
  int result;

  do
    result = gnutls_handshake (session);
  while (result < 0 && !gnutls_error_is_fatal (result));

  if (proof->failure != NULL)
    return g_steal_pointer (&proof->failure);
  if (proof->received >= MAX_BYTES)
    return g_strdup ("too long an answer for a TLS handshake");
  if (result != 0)
    return g_strdup (gnutls_strerror (result));
  /* A handshake that came about without a certificate has proven nothing. */
  if (gnutls_auth_get_type (session) != GNUTLS_CRD_CERTIFICATE || gnutls_certificate_get_peers (session, NULL) == NULL)
    return g_strdup ("no certificate that can be read");
  return NULL;
}

char *
divert_tls_prove (int          fd,
                  const guint8 sha256[32])
{
  gnutls_certificate_credentials_t credentials = NULL;
  gnutls_session_t session = NULL;
  Proof proof = { fd, sha256, 0, NULL };
  char *failure;

  if (gnutls_certificate_allocate_credentials (&credentials) == 0 &&
      gnutls_init (&session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) == 0 &&
      gnutls_priority_set_direct (session, PRIORITY, NULL) == 0 &&
      gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials) == 0)
    {
      gnutls_certificate_set_verify_function (credentials, check_key);
      gnutls_session_set_ptr (session, &proof);
      gnutls_handshake_set_max_packet_length (session, MAX_MESSAGE_BYTES);
      /* The deadline is our caller's, who shuts the socket down. */
      gnutls_handshake_set_timeout (session, 0);
      gnutls_transport_set_ptr (session, &proof);
      gnutls_transport_set_pull_function (session, pull);
      gnutls_transport_set_push_function (session, push);
      failure = shake_hands (session, &proof);
    }
  else
    failure = g_strdup ("TLS cannot be set up");

  if (session != NULL)
    gnutls_deinit (session);
  if (credentials != NULL)
    gnutls_certificate_free_credentials (credentials);
  g_free (proof.failure);
  return failure;
}
