/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: the server's messages, byte by byte, because no library makes such a key.
 */
#include "absurd-key.h"

#include <string.h>
#include <sys/socket.h>

/* DER tags. */
#define INTEGER  0x02
#define BITS     0x03
#define SEQUENCE 0x30

#define FIXED(bytes) (bytes), sizeof (bytes) - 1

#define RECORD_BYTES 16000

static void
append (GByteArray *to,
        const char *bytes,
        gsize       size)
{
  g_byte_array_append (to, (const guint8 *) bytes, size);
}

/* The lowest @bytes of @number, most significant first. */
static void
append_number (GByteArray *to,
               guint64     number,
               guint       bytes)
{
  for (guint i = bytes; i > 0; i--)
    g_byte_array_append (to, &(guint8){ number >> (8 * (i - 1)) }, 1);
}

/* Appends @content, which is freed, as the value of a DER tag. */
static void
append_der (GByteArray *to,
            guint8      tag,
            GByteArray *content)
{
  append_number (to, tag, 1);
  if (content->len < 128)
    append_number (to, content->len, 1);
  else
    append_number (to, 0x83000000 | content->len, 4);
  g_byte_array_append (to, content->data, content->len);
  g_byte_array_unref (content);
}

/* An odd number of @bits with its highest bit set. */
static void
append_large (GByteArray *to,
              guint       bits,
              guint8      last)
{
  GByteArray *content = g_byte_array_new ();

  g_byte_array_set_size (content, bits / 8 + 1);
  memset (content->data, 0xa5, content->len);
  content->data[0] = 0;
  content->data[content->len - 1] = last;
  append_der (to, INTEGER, content);
}

static void
append_name (GByteArray *to)
{
  append (to, FIXED ("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01x"));
}

/* sha256WithRSAEncryption */
static void
append_algorithm (GByteArray *to)
{
  append (to, FIXED ("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"));
}

static void
append_key (GByteArray *to,
            guint       bits)
{
  GByteArray *info = g_byte_array_new (), *string = g_byte_array_new (), *numbers = g_byte_array_new ();

  append_large (numbers, bits, 0xa5);
  append_large (numbers, bits, 0xa3);
  append_number (string, 0, 1);
  append_der (string, SEQUENCE, numbers);
  append (info, FIXED ("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"));
  append_der (info, BITS, string);
  append_der (to, SEQUENCE, info);
}

static GByteArray *
make_certificate (guint bits)
{
  GByteArray *certificate = g_byte_array_new (), *all = g_byte_array_new (), *signed_part = g_byte_array_new ();
  GByteArray *signature = g_byte_array_new ();

  append (signed_part, FIXED ("\xa0\x03\x02\x01\x02\x02\x01\x05"));
  append_algorithm (signed_part);
  append_name (signed_part);
  append (signed_part, FIXED ("\x30\x1e\x17\x0d" "200101000000Z" "\x17\x0d" "400101000000Z"));
  append_name (signed_part);
  append_key (signed_part, bits);
  append_der (all, SEQUENCE, signed_part);
  append_algorithm (all);
  g_byte_array_set_size (signature, 257);
  memset (signature->data, 1, signature->len);
  signature->data[0] = 0;
  append_der (all, BITS, signature);
  append_der (certificate, SEQUENCE, all);
  return certificate;
}

/* Appends @content, which is freed, as a handshake message. */
static void
append_message (GByteArray *to,
                guint8      type,
                GByteArray *content)
{
  append_number (to, type, 1);
  append_number (to, content->len, 3);
  g_byte_array_append (to, content->data, content->len);
  g_byte_array_unref (content);
}

/* ECDHE-RSA-AES128-GCM-SHA256, without extensions except the two that a client wants. */
static GByteArray *
make_hello (void)
{
  GByteArray *hello = g_byte_array_new ();

  append (hello, FIXED ("\x03\x03"));
  append (hello, FIXED ("0123456789abcdef0123456789abcdef"));
  append (hello, FIXED ("\x00\xc0\x2f\x00\x00\x09\xff\x01\x00\x01\x00\x00\x17\x00\x00"));
  return hello;
}

static GByteArray *
make_chain (guint bits)
{
  g_autoptr(GByteArray) certificate = make_certificate (bits);
  GByteArray *chain = g_byte_array_new ();

  append_number (chain, certificate->len + 3, 3);
  append_number (chain, certificate->len, 3);
  g_byte_array_append (chain, certificate->data, certificate->len);
  return chain;
}

/* P-256's generator, with a claim that it is signed. */
static GByteArray *
make_key_exchange (guint bits)
{
  static const char point[] =
    "\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63"
    "\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45"
    "\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7"
    "\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb"
    "\xb6\x40\x68\x37\xbf\x51\xf5";
  GByteArray *exchange = g_byte_array_new ();
  const gsize start = 3 + 1 + 65 + 2 + 2, size = bits / 8;

  append (exchange, FIXED ("\x03\x00\x17"));
  append_number (exchange, 65, 1);
  append (exchange, FIXED (point));
  append (exchange, FIXED ("\x04\x01"));
  append_number (exchange, size, 2);
  g_byte_array_set_size (exchange, start + size);
  memset (exchange->data + start, 0x5a, size);
  return exchange;
}

static void
send_records (int               client,
              const GByteArray *messages)
{
  for (gsize sent = 0; sent < messages->len; sent += RECORD_BYTES)
    {
      g_autoptr(GByteArray) record = g_byte_array_new ();
      gsize size = MIN (messages->len - sent, RECORD_BYTES);

      append (record, FIXED ("\x16\x03\x03"));
      append_number (record, size, 2);
      g_byte_array_append (record, messages->data + sent, size);
      send (client, record->data, record->len, MSG_NOSIGNAL);
    }
}

void
absurd_key_talk (int   client,
                 guint bits)
{
  g_autoptr(GByteArray) messages = g_byte_array_new ();
  char hello[4096];

  if (recv (client, hello, sizeof hello, 0) <= 0)
    return;
  append_message (messages, 2, make_hello ());
  append_message (messages, 11, make_chain (bits));
  append_message (messages, 12, make_key_exchange (bits));
  append_message (messages, 14, g_byte_array_new ());
  send_records (client, messages);
  /* Wait for the client's reaction. */
  recv (client, hello, sizeof hello, 0);
}
