/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beacons: real TLS servers (openssl) in a namespace at the other end of a cable, and some that misbehave.  Two cables
 * lead to two hosts with the same address: the real one and an impostor.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "absurd-key.h"
#include "private-system.h"
#include "system/sources/beacon/beacon.h"

#define MARK 0x100
/* For events that come by themselves.  A test that waits this long in vain has failed. */
#define PATIENCE_MS 30000
/* Verifying a signature of such a key takes many seconds. */
#define ABSURD_BITS 65536
#define MISBEHAVE "--misbehave=" /* runs this program as a server on that port */

static struct
{
  DivertBeacons *beacons;
  guint          changes;
  guint          home;  /* ifindex */
  guint          evil;
  guint8         key[32];
  GPtrArray     *sites; /* all sites that were made */
} self;

/* Nothing happens by itself, and every server may take as long as a busy machine needs. */
static const DivertBeaconLimits patient = {
  .answer_ms = PATIENCE_MS, .renewal_ms = 3600000, .slack_ms = 3600000, .retry_first_ms = 3600000,
  .retry_last_ms = 3600000, .in_a_row = 1000, .spacing_ms = 1,
};

static void
on_changed (gpointer user_data)
{
  self.changes++;
}

/* Starts afresh.  Nothing has been asked. */
static void
use (DivertBeaconLimits limits)
{
  g_clear_pointer (&self.beacons, divert_beacons_free);
  self.beacons = divert_beacons_new (&limits, on_changed, NULL);
}

static void
run_shell (const char *command)
{
  g_assert_cmpint (private_system_run ("sh", "-ec", command, NULL), ==, 0);
}

static void
set_up_hosts (void)
{
  /* Only packets with the mark pass, because nm-divert's rules would divert the rest. */
  run_shell ("exec >/dev/null 2>&1; ip link set lo up;"
             "for host in home evil; do"
             "  ip netns add $host; ip link add $host type veth peer name eth0 netns $host; ip link set $host up;"
             "  ip -n $host link set lo up; ip -n $host link set eth0 up;"
             "  ip -n $host addr add 192.168.22.1/24 dev eth0; ip -n $host addr add fd00:22::1/64 dev eth0 nodad;"
             "  ip addr add 192.168.22.33/24 dev $host; ip addr add fd00:22::33/64 dev $host nodad;"
             "  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=$host"
             "    -keyout /run/$host.key -out /run/$host.crt;"
             "done;"
             "openssl x509 -in /run/home.crt -pubkey -noout | openssl pkey -pubin -outform DER -out /run/home.der;"
             "export XTABLES_LOCKFILE=/run/xtables.lock;"
             "for command in iptables-legacy ip6tables-legacy; do"
             "  $command -A OUTPUT -p tcp -m mark ! --mark 0x100/0x100 -j DROP; done");
}

static void
wait_for_server (const char *host,
                 const char *port)
{
  g_autofree char *command = g_strdup_printf ("i=0; until ip netns exec %s ss -Hlnt 'sport = :%s' | grep -q .; do"
                                              "  test $((i += 1)) -lt 1000; sleep 0.01; done", host, port);

  run_shell (command);
}

static GPid
spawn_server (const char *host,
              const char *port,
              const char *option)
{
  g_autofree char *key = g_strdup_printf ("/run/%s.key", host);
  g_autofree char *certificate = g_strdup_printf ("/run/%s.crt", host);
  const char *argv[] = { "ip", "netns", "exec", host, "openssl", "s_server", "-quiet", "-accept", port, "-key", key,
                         "-cert", certificate, option, NULL };
  GPid pid = private_system_spawn (argv);

  wait_for_server (host, port);
  return pid;
}

/* Records that say nothing.  A client may skip them, but must not do so for ever. */
static const struct
{
  const char *bytes;
  gsize       size;
} floods[] = {
#define FLOOD(bytes) { bytes, sizeof (bytes) - 1 }
  FLOOD ("\x16\x03\x03\x00\x00"),                 /* handshake, empty */
  FLOOD ("\x16\x03\x03\x00\x04\x00\x00\x00\x00"), /* a hello request */
  FLOOD ("\x14\x03\x03\x00\x01\x01"),             /* change cipher spec */
  FLOOD ("\x15\x03\x03\x00\x00"),                 /* alert, empty */
  FLOOD ("\x15\x03\x03\x00\x02\x01\x64"),         /* a warning: no renegotiation */
  FLOOD ("\x17\x03\x03\x00\x00"),                 /* application data, empty */
  FLOOD ("\x00"),
#undef FLOOD
};

#define PORT_GARBAGE 81
#define PORT_SILENCE 82
#define PORT_ABSURD 83
#define PORT_FLOOD 500 /* the first one's */

static void
talk (int     client,
      guint16 port)
{
  static const char garbage[] = "HTTP/1.0 400 Bad Request\r\n\r\n\x16\x03\x03\xff\xff garbage garbage garbage";
  g_autoptr(GString) flood = g_string_new (NULL);

  if (port == PORT_SILENCE)
    return;
  if (port == PORT_ABSURD)
    absurd_key_talk (client, ABSURD_BITS);
  else if (port == PORT_GARBAGE)
    send (client, garbage, sizeof garbage, MSG_NOSIGNAL);
  else
    {
      for (guint i = 0; i < 7000; i++)
        g_string_append_len (flood, floods[port - PORT_FLOOD].bytes, floods[port - PORT_FLOOD].size);
      while (send (client, flood->str, flood->len, MSG_NOSIGNAL) > 0)
        ;
    }
  close (client);
}

/* The servers that misbehave. */
static int
misbehave (guint16 port)
{
  struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons (port) };
  int fd = socket (AF_INET6, SOCK_STREAM, 0);

  if (bind (fd, (struct sockaddr *) &address, sizeof address) != 0 || listen (fd, 16) != 0)
    return 1;
  for (;;)
    talk (accept (fd, NULL, NULL), port);
}

static void
spawn_misbehaving (guint16 port)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *option = g_strdup_printf (MISBEHAVE "%u", port);
  const char *number = option + strlen (MISBEHAVE);
  const char *argv[] = { "ip", "netns", "exec", "home", program, option, NULL };

  private_system_spawn (argv);
  wait_for_server ("home", number);
}

static DivertSite *
make_site (const char *name,
           const char *address,
           guint16     port)
{
  DivertSite *site = g_new0 (DivertSite, 1);

  g_ptr_array_add (self.sites, site);
  site->name = g_strdup (name);
  site->has_beacon = TRUE;
  g_assert_true (divert_address_parse (address, &site->beacon.address, NULL));
  site->beacon.port = port;
  memcpy (site->beacon.sha256, self.key, sizeof self.key);
  return site;
}

static void
site_free (DivertSite *site)
{
  g_free (site->name);
  g_free (site);
}

static DivertFacts *
gather (void)
{
  DivertFacts *facts = divert_facts_new ();
  DivertLink *home = divert_link_new (), *evil = divert_link_new ();

  home->ifindex = self.home;
  evil->ifindex = self.evil;
  g_ptr_array_add (facts->links, home);
  g_ptr_array_add (facts->links, evil);
  divert_beacons_gather (self.beacons, facts);
  return facts;
}

static gboolean
is_decided (gpointer user_data)
{
  g_autoptr(DivertFacts) facts = gather ();

  for (guint i = 0; i < facts->beacons->len; i++)
    if (((DivertBeaconFact *) g_ptr_array_index (facts->beacons, i))->state == DIVERT_BEACON_PENDING)
      return FALSE;
  return facts->beacons->len > 0;
}

static void
assert_answer (const DivertSite *site,
               guint             ifindex,
               guint32           mark,
               const char       *failure)
{
  g_autoptr(DivertFacts) facts = NULL;
  DivertBeaconFact *fact;
  gint64 start = g_get_monotonic_time ();

  divert_beacons_distrust (self.beacons, 0);
  divert_beacons_ask (self.beacons, site, ifindex, mark);
  g_assert_false (is_decided (NULL));
  g_assert_true (private_system_wait (is_decided, NULL, 2 * PATIENCE_MS));
  facts = gather ();
  g_assert_cmpuint (facts->beacons->len, ==, 1);
  fact = g_ptr_array_index (facts->beacons, 0);
  g_test_message ("port %u: %s, %" G_GINT64_FORMAT " ms", site->beacon.port,
                  fact->detail != NULL ? fact->detail : "proven", (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpuint (fact->ifindex, ==, ifindex);
  if (failure == NULL)
    g_assert_cmpint (fact->state, ==, DIVERT_BEACON_PROVEN);
  else
    {
      g_assert_cmpint (fact->state, ==, DIVERT_BEACON_FAILED);
      g_assert_nonnull (strstr (fact->detail, failure));
    }
}

static gboolean
is_proven (void)
{
  g_autoptr(DivertFacts) facts = gather ();

  return facts->beacons->len > 0 &&
         ((const DivertBeaconFact *) g_ptr_array_index (facts->beacons, 0))->state == DIVERT_BEACON_PROVEN;
}

static void
test_key (void)
{
  DivertSite *ipv4 = make_site ("home", "192.168.22.1", 443), *ipv6 = make_site ("home", "fd00:22::1", 443);
  DivertSite *tls12 = make_site ("home", "192.168.22.1", 444);

  use (patient);
  assert_answer (ipv4, self.home, MARK, NULL);
  assert_answer (ipv6, self.home, MARK, NULL);
  assert_answer (tls12, self.home, MARK, NULL);
  /* The same address on the other cable. */
  assert_answer (ipv4, self.evil, MARK, "another key, sha256:");
  assert_answer (ipv6, self.evil, MARK, "another key, sha256:");
}

static void
test_failures (void)
{
  DivertBeaconLimits hasty = patient;

  use (patient);
  assert_answer (make_site ("home", "192.168.22.1", 80), self.home, MARK, "Connection refused");
  assert_answer (make_site ("home", "192.168.22.1", PORT_GARBAGE), self.home, MARK, "");

  hasty.answer_ms = 100;
  use (hasty);
  assert_answer (make_site ("home", "192.168.22.1", PORT_SILENCE), self.home, MARK, "no answer in time");
  assert_answer (make_site ("home", "192.168.22.99", 443), self.home, MARK, "no answer in time");
  /* Without the mark, our own rules would divert it. */
  assert_answer (make_site ("home", "192.168.22.1", 443), self.home, 0x200, "no answer in time");
}

/* The processor time that this process has used, in µs.  A busy machine doesn't affect it. */
static gint64
cpu_time (void)
{
  struct timespec used;

  g_assert_no_errno (clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &used));
  return used.tv_sec * G_USEC_PER_SEC + used.tv_nsec / 1000;
}

typedef struct
{
  gint64 last;
  gint64 longest; /* between two turns */
} Beat;

static gboolean
on_beat (gpointer user_data)
{
  Beat *beat = user_data;
  gint64 now = cpu_time ();

  beat->longest = MAX (beat->longest, now - beat->last);
  beat->last = now;
  return G_SOURCE_CONTINUE;
}

/* A key is compared with the pin before anything is computed with it. */
static void
test_absurd_key (void)
{
  run_shell ("until ip netns exec home ss -Hlnt 'sport = :83' | grep -q .; do sleep 0.01; done");
  assert_answer (make_site ("home", "192.168.22.1", PORT_ABSURD), self.home, MARK, "another key, sha256:");
}

static guint
count_threads (void)
{
  g_autoptr(GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (tasks) != NULL)
    n++;
  return n;
}

static gboolean
has_threads (gpointer user_data)
{
  return count_threads () <= GPOINTER_TO_UINT (user_data);
}

/* If nobody waits for a thread's answer any more, the thread ends at once.  If nobody answers the thread, it ends at
 * its deadline. */
static void
test_abandoned (void)
{
  DivertSite *silent = make_site ("home", "192.168.22.1", PORT_SILENCE),
  *nobody = make_site ("home", "192.168.22.98", 443);
  const guint before = 1;

  g_assert_true (private_system_wait (has_threads, GUINT_TO_POINTER (before), 1000));
  divert_beacons_ask (self.beacons, silent, self.home, MARK);
  divert_beacons_ask (self.beacons, nobody, self.evil, MARK);
  g_assert_cmpuint (count_threads (), ==, before + 2);
  divert_beacons_distrust (self.beacons, 0);
  g_assert_true (private_system_wait (has_threads, GUINT_TO_POINTER (before), 1000));
  assert_answer (silent, self.home, MARK, "no answer in time");
  g_assert_true (private_system_wait (has_threads, GUINT_TO_POINTER (before), 1000));
}

/* Threads may not end, because they compute or because the kernel is slow.  There are never many of them. */
static void
test_bounded (void)
{
  DivertSite *sites[20];

  for (guint i = 0; i < G_N_ELEMENTS (sites); i++)
    {
      g_autofree char *name = g_strdup_printf ("site%u", i);

      sites[i] = make_site (name, "192.168.22.98", 443);
      divert_beacons_ask (self.beacons, sites[i], self.home, MARK);
    }
  g_assert_cmpuint (count_threads (), <, G_N_ELEMENTS (sites));
  divert_beacons_distrust (self.beacons, 0);
  /* The next one waits until one of them ends, and is answered. */
  assert_answer (make_site ("home", "192.168.22.1", 80), self.home, MARK, "Connection refused");
}

/* Meanwhile the thread that revokes must go on. */
static void
test_floods (void)
{
  DivertBeaconLimits limits = patient;
  Beat beat = { cpu_time (), 0 };
  guint id = g_timeout_add (5, on_beat, &beat);

  limits.answer_ms = 500;
  use (limits);
  for (guint i = 0; i < G_N_ELEMENTS (floods); i++)
    assert_answer (make_site ("home", "192.168.22.1", PORT_FLOOD + i), self.home, MARK, "");
  on_beat (&beat);
  g_source_remove (id);
  g_test_message ("the longest turn: %.1f ms", beat.longest / 1000.0);
  g_assert_cmpint (beat.longest, <, 200 * 1000);
}

static gboolean
has_changed (gpointer user_data)
{
  return self.changes > GPOINTER_TO_UINT (user_data);
}

static void
expect_change (guint *changes)
{
  g_assert_true (private_system_wait (has_changed, GUINT_TO_POINTER (*changes), PATIENCE_MS));
  *changes = self.changes;
}

/* Asks, and asks once more after the answer.  Returns how many ms later something came after the answer. */
static gint64
ask_and_wait (const DivertSite *site,
              const char       *failure)
{
  gint64 start = g_get_monotonic_time ();
  guint changes;

  assert_answer (site, self.home, MARK, failure);
  changes = self.changes;
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  expect_change (&changes);
  return (g_get_monotonic_time () - start) / 1000;
}

/* The same for a question that may be repeated. */
static gint64
ask_again_and_wait (const DivertSite *site)
{
  gint64 start = g_get_monotonic_time ();
  guint changes = self.changes;

  divert_beacons_ask (self.beacons, site, self.home, MARK);
  expect_change (&changes);
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  expect_change (&changes);
  return (g_get_monotonic_time () - start) / 1000;
}

static void
test_once (void)
{
  DivertSite *good = make_site ("home", "192.168.22.1", 443), *bad = make_site ("home", "192.168.22.1", 80);
  g_autoptr(DivertFacts) gone = NULL, back = NULL;
  DivertBeaconLimits limits = patient;

  /* A proven beacon isn't asked again, and nothing happens by itself before its time.  The same is true for a failed
   * one. */
  limits.renewal_ms = 300;
  limits.retry_first_ms = 200;
  use (limits);
  g_assert_cmpint (ask_and_wait (good, NULL), >=, limits.renewal_ms);
  g_assert_cmpint (ask_and_wait (bad, "refused"), >=, limits.retry_first_ms);
  /* After each further failure the wait doubles, up to a limit. */
  limits.retry_last_ms = 350;
  use (limits);
  g_assert_cmpint (ask_and_wait (bad, "refused"), >=, limits.retry_first_ms);
  g_assert_cmpint (ask_again_and_wait (bad), >=, 350);
  g_assert_cmpint (ask_again_and_wait (bad), >=, 350);

  /* Another key for the same name is another question. */
  good->beacon.sha256[0] ^= 1;
  assert_answer (good, self.home, MARK, "another key");

  /* When a link is gone, its answers are gone too. */
  self.home += 1000;
  gone = gather ();
  self.home -= 1000;
  back = gather ();
  g_assert_cmpuint (gone->beacons->len, ==, 0);
  g_assert_cmpuint (back->beacons->len, ==, 0);
}

static guint
keep (const char *key)
{
  g_autoptr(DivertConfig) config = divert_config_new ();
  g_autoptr(DivertFacts) facts = NULL;
  g_autofree char *text = g_strdup_printf ("[proxy]\ngroup=1\n[site home]\nintranet=192.168.22.0/24\nzone=home\n"
                                           "beacon=tls://192.168.22.1:443 sha256:%s\n", key);
  g_autoptr(GError) error = NULL;

  divert_config_add (config, "config", text, strlen (text), &error);
  g_assert_no_error (error);
  divert_beacons_keep (self.beacons, config);
  facts = gather ();
  return facts->beacons->len;
}

/* The configuration was read again.  What the old beacon has proven doesn't count for the new one. */
static void
test_reconfigured (void)
{
  g_autoptr(GString) key = g_string_new (NULL);

  for (guint i = 0; i < sizeof self.key; i++)
    g_string_append_printf (key, "%02x", self.key[i]);
  use (patient);
  assert_answer (make_site ("home", "192.168.22.1", 443), self.home, MARK, NULL);
  g_assert_cmpuint (keep (key->str), ==, 1);
  key->str[0] = key->str[0] == '0' ? '1' : '0';
  g_assert_cmpuint (keep (key->str), ==, 0);
}

static gboolean
is_not_proven (gpointer user_data)
{
  return !is_proven ();
}

/* A good answer is renewed after its time.  It holds until the new one arrives, and ends if the new one is bad. */
static void
test_renewal (void)
{
  DivertSite *site = make_site ("home", "192.168.22.1", 445);
  GPid server = spawn_server ("home", "445", NULL);
  DivertBeaconLimits limits = patient;
  guint changes;

  limits.renewal_ms = 100;
  use (limits);
  assert_answer (site, self.home, MARK, NULL);
  changes = self.changes;
  expect_change (&changes);
  g_assert_true (is_proven ());
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  g_assert_true (is_proven ());
  expect_change (&changes);
  g_assert_true (is_proven ());

  kill (server, SIGKILL);
  expect_change (&changes);
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  g_assert_true (is_proven ());
  expect_change (&changes);
  g_assert_false (is_proven ());
}

/* After a change of the access point the beacon is asked at once.  Meanwhile the old proof counts. */
static void
test_renewed_at_once (void)
{
  DivertSite *site = make_site ("home", "192.168.22.1", 446);
  GPid server = spawn_server ("home", "446", NULL);
  guint changes;

  use (patient);
  assert_answer (site, self.home, MARK, NULL);
  kill (server, SIGKILL);
  divert_beacons_renew (self.beacons, self.home + 1);
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  divert_beacons_renew (self.beacons, self.home);
  g_assert_true (is_proven ());
  changes = self.changes;
  divert_beacons_ask (self.beacons, site, self.home, MARK);
  g_assert_true (is_proven ());
  expect_change (&changes);
  g_assert_false (is_proven ());
}

/* If nobody asks again, the proof ends by itself. */
static void
test_nobody_renews (void)
{
  DivertBeaconLimits limits = patient;
  gint64 start = g_get_monotonic_time ();

  limits.renewal_ms = 300;
  limits.slack_ms = 700;
  use (limits);
  assert_answer (make_site ("home", "192.168.22.1", 443), self.home, MARK, NULL);
  g_assert_true (private_system_wait (is_not_proven, NULL, PATIENCE_MS));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, G_USEC_PER_SEC);
}

/* A link that is distrusted again and again doesn't cause just as many questions. */
static void
test_allowance (void)
{
  DivertSite *site = make_site ("home", "192.168.22.1", 443);
  DivertBeaconLimits limits = patient;
  g_autofree char *command = NULL;
  gint64 start;

  limits.in_a_row = 10;
  limits.spacing_ms = 400;
  use (limits);
  site->beacon.sha256[0] ^= 1;
  run_shell ("XTABLES_LOCKFILE=/run/xtables.lock iptables-legacy -I OUTPUT -o home -p tcp --dport 443 --syn");
  start = g_get_monotonic_time ();
  /* The usual few questions are asked at once. */
  for (guint i = 0; i < 5; i++)
    assert_answer (site, self.home, MARK, "another key");
  for (guint i = 0; i < 1000; i++)
    {
      divert_beacons_distrust (self.beacons, self.home);
      divert_beacons_ask (self.beacons, site, self.home, MARK);
      divert_beacons_ask (self.beacons, site, self.home, MARK);
    }
  /* When its turn comes, we hear of it, and the question is asked. */
  while (!is_decided (NULL))
    {
      guint changes = self.changes;

      expect_change (&changes);
      divert_beacons_ask (self.beacons, site, self.home, MARK);
    }
  /* The limit depends on how long this took. */
  command = g_strdup_printf ("export XTABLES_LOCKFILE=/run/xtables.lock;"
                             "n=$(iptables-legacy -nvxL OUTPUT | awk '/dpt:443/ { print $1 }');"
                             "test $n -ge 6 && test $n -le %" G_GINT64_FORMAT,
                             limits.in_a_row + 1 + (g_get_monotonic_time () - start) / 1000 / limits.spacing_ms);
  run_shell (command);
}

int
main (int    argc,
      char **argv)
{
  g_autofree char *der = NULL;
  g_autofree char *digest = NULL;
  gsize size;
  int status;

  if (argc > 1 && g_str_has_prefix (argv[1], MISBEHAVE))
    return misbehave (atoi (argv[1] + strlen (MISBEHAVE)));

  test_needs_namespaces ();
  test_needs ("ip", "ss", "openssl", "iptables-legacy", "ip6tables-legacy", NULL);
  private_system_enter ();
  g_test_init (&argc, &argv, NULL);
  self.sites = g_ptr_array_new_with_free_func ((GDestroyNotify) site_free);
  set_up_hosts ();
  spawn_server ("home", "443", NULL);
  spawn_server ("home", "444", "-tls1_2");
  spawn_server ("evil", "443", NULL);
  spawn_misbehaving (PORT_GARBAGE);
  spawn_misbehaving (PORT_SILENCE);
  spawn_misbehaving (PORT_ABSURD);
  for (guint i = 0; i < G_N_ELEMENTS (floods); i++)
    spawn_misbehaving (PORT_FLOOD + i);

  /* openssl computes the key's digest. */
  g_assert_true (g_file_get_contents ("/run/home.der", &der, &size, NULL));
  digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guint8 *) der, size);
  for (guint i = 0; i < sizeof self.key; i++)
    self.key[i] = g_ascii_xdigit_value (digest[2 * i]) * 16 + g_ascii_xdigit_value (digest[2 * i + 1]);
  self.home = if_nametoindex ("home");
  self.evil = if_nametoindex ("evil");

  g_test_add_func ("/beacon/key", test_key);
  g_test_add_func ("/beacon/failures", test_failures);
  g_test_add_func ("/beacon/absurd-key", test_absurd_key);
  g_test_add_func ("/beacon/abandoned", test_abandoned);
  g_test_add_func ("/beacon/bounded", test_bounded);
  g_test_add_func ("/beacon/floods", test_floods);
  g_test_add_func ("/beacon/once", test_once);
  g_test_add_func ("/beacon/reconfigured", test_reconfigured);
  g_test_add_func ("/beacon/renewal", test_renewal);
  g_test_add_func ("/beacon/renewed-at-once", test_renewed_at_once);
  g_test_add_func ("/beacon/nobody-renews", test_nobody_renews);
  g_test_add_func ("/beacon/allowance", test_allowance);
  status = g_test_run ();
  divert_beacons_free (self.beacons);
  g_ptr_array_unref (self.sites);
  return status;
}
