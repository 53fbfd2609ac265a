/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Just enough DNS: asks for a TXT record and prints it, and answers any question with a TXT record.  Over UDP and, with
 * the two length bytes, over TCP.
 */
#include "probe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DNS_HEADER 12
#define DNS_TYPE_TXT 16

static size_t
put16 (uint8_t *to, unsigned value)
{
  to[0] = (uint8_t) (value >> 8);
  to[1] = (uint8_t) value;
  return 2;
}

/* The offset where the question section's only question ends; 0 if there is none. */
static size_t
question_end (const uint8_t *message, size_t length)
{
  size_t at = DNS_HEADER;

  while (at < length && message[at] != 0)
    {
      if (message[at] > 63)
        return 0;
      at += 1 + (size_t) message[at];
    }
  return at + 5 <= length ? at + 5 : 0;
}

/* Nobody answers from a cache, except for names that begin with "kept". */
static unsigned
get_ttl (const uint8_t *query)
{
  static const uint8_t kept[] = { 4, 'k', 'e', 'p', 't' };

  return memcmp (query + DNS_HEADER, kept, sizeof kept) == 0 ? 60 : 0;
}

size_t
probe_dns_answer (const uint8_t *query, size_t length, const char *text, uint8_t *answer, size_t size)
{
  size_t end = length >= DNS_HEADER ? question_end (query, length) : 0;
  size_t text_length = strlen (text);
  size_t at;

  if (end == 0 || (query[2] & 0x80) != 0 || text_length > 255 || end + 13 + text_length > size)
    return 0;
  memcpy (answer, query, end);
  put16 (answer + 2, 0x8180); /* a recursive answer, no error */
  put16 (answer + 4, 1);
  put16 (answer + 6, 1);
  put16 (answer + 8, 0);
  put16 (answer + 10, 0);
  at = end;
  at += put16 (answer + at, 0xc000 | DNS_HEADER);
  at += put16 (answer + at, DNS_TYPE_TXT);
  at += put16 (answer + at, 1);
  at += put16 (answer + at, 0);
  at += put16 (answer + at, get_ttl (query));
  at += put16 (answer + at, (unsigned) text_length + 1);
  answer[at++] = (uint8_t) text_length;
  memcpy (answer + at, text, text_length);
  return at + text_length;
}

static size_t
build_query (const char *name, uint8_t *query)
{
  size_t at = DNS_HEADER;

  memset (query, 0, DNS_HEADER);
  put16 (query, (unsigned) getpid () & 0xffff);
  put16 (query + 2, 0x0100);
  put16 (query + 4, 1);
  while (*name != '\0')
    {
      size_t label = strcspn (name, ".");

      if (label == 0 || label > 63 || at + label > 200)
        probe_die ("bad name: '%s'", name);
      query[at++] = (uint8_t) label;
      memcpy (query + at, name, label);
      at += label;
      name += label + (name[label] == '.');
    }
  query[at++] = 0;
  at += put16 (query + at, DNS_TYPE_TXT);
  at += put16 (query + at, 1);
  return at;
}

int
probe_dns (char **arguments, const ProbeOptions *options)
{
  bool tcp = strcmp (arguments[0], "tcp") == 0;
  ProbeAddress to;
  uint8_t query[2 + 256];
  uint8_t buffer[1024];
  uint8_t *answer = tcp ? buffer + 2 : buffer;
  size_t length = sizeof buffer;
  size_t query_length = build_query (arguments[2], query + 2);
  size_t end;
  int error;

  put16 (query, (unsigned) query_length);
  probe_address_parse (arguments[1], "53", &to);
  error = probe_exchange (&to, tcp ? SOCK_STREAM : SOCK_DGRAM, options, tcp ? query : query + 2,
                          query_length + (tcp ? 2 : 0), buffer, &length);
  if (error != 0)
    {
      puts (probe_error_word (error));
      return 1;
    }
  length -= tcp ? 2 : 0;
  end = length >= DNS_HEADER ? question_end (answer, length) : 0;
  if (end == 0 || answer[7] == 0 || end + 13 > length || end + 13 + answer[end + 12] > length)
    {
      printf ("no-answer %u\n", length >= DNS_HEADER ? answer[3] & 15 : 0);
      return 1;
    }
  printf ("%.*s\n", answer[end + 12], (const char *) answer + end + 13);
  return 0;
}
