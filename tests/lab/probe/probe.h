/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab's probe: one small program that is every server and every client in the lab, so that a test can ask the
 * packets themselves where they went.
 *
 * A server answers with its own name and the source address of the question.  Together they reveal the path.  It also
 * logs everything that reached it, because a leak is a packet that arrives, answered or not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Set by --timeout and similar options.  Each command uses those that it understands. */
typedef struct
{
  int         timeout_ms; /* --timeout: for one question */
  const char *source;     /* --source: bind to this address */
  const char *device;     /* --bind-device: SO_BINDTODEVICE */
  const char *unicast_if; /* --unicast-if: IP_UNICAST_IF */
  uint32_t    mark;       /* --mark: SO_MARK; 0: none */
  uint16_t    from_port;  /* --from-port; 0: any */
  int         chat_ms;    /* --chat: hold says something this often; 0: never */
  int         seconds;    /* --seconds: hold and sink end after this long; 0: never */
} ProbeOptions;

typedef struct
{
  struct sockaddr_storage sa;
  socklen_t               length;
} ProbeAddress;

/* net.c */
void     probe_die (const char *format, ...) __attribute__ ((format (printf, 1, 2), noreturn));
int64_t  probe_now_ms (void);
long     probe_parse_number (const char *text, long max);
void     probe_address_parse (const char *address, const char *port, ProbeAddress *ret_address);
/* "192.0.2.1 4242".  IPv4 never appears in its mapped form. */
void     probe_address_format (const struct sockaddr_storage *sa, char *buffer, size_t size);
/* A non-blocking socket for @to, bound as the options say; -1 with errno. */
int      probe_socket_new (const ProbeAddress *to, int type, const ProbeOptions *options);
/* A non-blocking, bound (and, for TCP, listening) socket on all addresses of @family. */
int      probe_listen (int family, int type, uint16_t port);
/* "timeout", "refused", "reset", … : one stable word for what tests compare. */
const char *probe_error_word (int error);
/* Waits for @events; false at the deadline. */
bool     probe_wait (int fd, short events, int64_t deadline_ms);

/* Connects and exchanges one line or datagram; 0, or an errno. */
int      probe_exchange (const ProbeAddress *to, int type, const ProbeOptions *options, const void *question,
                         size_t question_length, void *answer, size_t *answer_length);

/* dns.c */
/* Builds in @answer the answer to @query: one TXT record that contains @text.  Returns its length, or 0 if @query is
 * not a query. */
size_t   probe_dns_answer (const uint8_t *query, size_t length, const char *text, uint8_t *answer, size_t size);

/* The commands.  Each returns the exit status. */
int      probe_ask (char **arguments, const ProbeOptions *options);
int      probe_dns (char **arguments, const ProbeOptions *options);
int      probe_upload (char **arguments, const ProbeOptions *options);
int      probe_serve (char **arguments, const ProbeOptions *options);
int      probe_sink (char **arguments, const ProbeOptions *options);
int      probe_stream (char **arguments, const ProbeOptions *options);
int      probe_hold (char **arguments, const ProbeOptions *options);
int      probe_wire (char **arguments, const ProbeOptions *options);
