/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: what a beacon must prove, and how much an impostor may cost us.
 *
 * Only the pinned key counts: we do not look at any authority, name or date, and send no data.  A
 * certificate is public, so seeing it proves nothing.  The proof is the finished handshake, in
 * which the peer signs with its key (we do not offer anonymous or shared-key methods).
 *
 * Whoever answers may be a stranger, who then chooses what we compute.  Verifying a signature with
 * an RSA key of 65,536 bits takes most of a minute (K5.5).  So we compare the key with the pin as
 * soon as the certificate arrives, and the pinned key is the only one that we ever compute with.
 * We do not offer groups of the peer's own making (finite-field Diffie-Hellman).  We limit how much
 * it may send, in total and in one message, because it could go on forever.
 *
 * We use GnuTLS directly instead of through GIO.  GIO gives the certificate but not its
 * SubjectPublicKeyInfo, loads a module and the system's authorities for it, and would be one more
 * package that can be missing.
 */
#include "beacon-tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/socket.h>

#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-DHE-RSA:-DHE-PSK:-GROUP-DH-ALL"
/* A certificate chain takes a few kilobytes. */
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

/* The SHA-256 of the key in the certificate @der. */
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

/* GnuTLS calls this after receiving the certificate and before the first use of its key. */
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
  /* A handshake that finished without a certificate has proven nothing. */
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
      /* Our caller has the deadline, and shuts the socket down. */
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
