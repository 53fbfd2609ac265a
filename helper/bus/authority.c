/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns: questions to polkit.
 *
 * Theory of operation.  The subject is the caller's unique name on the bus, never a process id, because another process
 * may have that id by the time somebody looks (CVE-2013-4288, CVE-2021-3560).  A question has these steps: watch
 * whether the caller vanishes; ask the bus for its user; if it is root, the answer is yes; otherwise ask polkit.
 * Nothing blocks, because a password dialog may stay open for minutes.  There is only one path to a yes, and every
 * error on it is a no.
 *
 * We don't ask polkit about root, because polkit need not be running or working when a network comes up.
 */
#include "authority.h"

#include <polkit/polkit.h>
#include <string.h>

#include "core/words/escape.h"
#include "timer.h"

#define MAX_DETAIL 64 /* characters */

struct DivertAuthority
{
  GDBusConnection *bus;
  GPtrArray       *questions; /* all open questions; not owned, each belongs to its call */
  PolkitAuthority *polkit;    /* NULL: not there yet; never freed: there is one per process, and libpolkit uses it after
                               * the last callback */
  gboolean         connecting;
  guint            timeout_ms;
  guint            interactive_timeout_ms;
};

typedef enum
{
  STAGE_USER,    /* asking the bus who the caller is */
  STAGE_WAITING, /* not root; waiting until polkit is there */
  STAGE_POLKIT,  /* asking polkit */
} Stage;

typedef struct
{
  DivertAuthority  *authority;   /* NULL: it has been freed */
  GDBusConnection  *bus;
  DivertAuthorised  authorised;
  gpointer          user_data;
  char             *sender;
  char             *action_id;
  PolkitDetails    *details;     /* NULL: none */
  PolkitCheckAuthorizationFlags flags;
  Stage             stage;
  guint32           uid;         /* from STAGE_WAITING on */
  GCancellable     *cancellable; /* cancelled: the caller vanished, or time is up */
  guint             vanished_id;
  GSource          *timeout;
} Question;

static void
answer (Question   *question,
        gboolean    allowed,
        const char *why)
{
  if (question->authority != NULL)
    g_ptr_array_remove_fast (question->authority->questions, question);
  if (!allowed)
    g_info ("%s is not authorized for %s: %s", question->sender, question->action_id, why);
  question->authorised (allowed, question->user_data);

  g_dbus_connection_signal_unsubscribe (question->bus, question->vanished_id);
  divert_timer_clear (&question->timeout);
  g_object_unref (question->cancellable);
  g_object_unref (question->bus);
  g_clear_object (&question->details);
  g_free (question->action_id);
  g_free (question->sender);
  g_free (question);
}

static void
on_authorization (GObject      *source,
                  GAsyncResult *result,
                  gpointer      user_data)
{
  Question *question = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(PolkitAuthorizationResult) authorization = NULL;

  authorization = polkit_authority_check_authorization_finish (POLKIT_AUTHORITY (source), result, &error);
  if (authorization == NULL)
    answer (question, FALSE, error->message);
  else if (g_cancellable_is_cancelled (question->cancellable))
    answer (question, FALSE, "too late");
  else
    answer (question, polkit_authorization_result_get_is_authorized (authorization), "refused or dismissed");
}

static void
authority_clear (gpointer data)
{
  DivertAuthority *authority = data;

  g_ptr_array_unref (authority->questions);
  g_object_unref (authority->bus);
}

static void
ask_polkit (Question *question)
{
  g_autoptr(PolkitSubject) subject = polkit_system_bus_name_new (question->sender);

  question->stage = STAGE_POLKIT;
  polkit_authority_check_authorization (question->authority->polkit, subject, question->action_id, question->details,
                                        question->flags, question->cancellable, on_authorization, question);
}

static void
on_polkit (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  DivertAuthority *authority = user_data;
  g_autoptr(GError) error = NULL;

  authority->connecting = FALSE;
  authority->polkit = polkit_authority_get_finish (result, &error);
  /* Go backwards, because an answer removes the question from the list. */
  for (guint i = authority->questions->len; i > 0; i--)
    {
      Question *question = g_ptr_array_index (authority->questions, i - 1);

      if (question->stage != STAGE_WAITING)
        continue;
      if (authority->polkit != NULL)
        ask_polkit (question);
      else
        answer (question, FALSE, error->message);
    }
  g_rc_box_release_full (authority, authority_clear);
}

/* Called once for all who wait, because libpolkit can't cope with several of these calls at a time and never answers
 * some of them. */
static void
connect_to_polkit (DivertAuthority *authority)
{
  if (authority->connecting)
    return;
  authority->connecting = TRUE;
  polkit_authority_get_async (NULL, on_polkit, g_rc_box_acquire (authority));
}

/* Does polkit already have the maximum number of questions of this user, or of all users? */
static gboolean
is_too_many (const Question *question)
{
  const GPtrArray *questions = question->authority->questions;
  guint of_user = 0, of_all = 0;

  for (guint i = 0; i < questions->len; i++)
    {
      const Question *other = g_ptr_array_index (questions, i);

      of_all += other->stage != STAGE_USER;
      of_user += other->stage != STAGE_USER && other->uid == question->uid;
    }
  return of_user >= DIVERT_AUTHORITY_MAX_PER_USER || of_all >= DIVERT_AUTHORITY_MAX;
}

static void
on_user (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  Question *question = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) user = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (user == NULL || question->authority == NULL)
    {
      answer (question, FALSE, error != NULL ? error->message : "too late");
      return;
    }

  g_variant_get (user, "(u)", &question->uid);
  if (question->uid == 0)
    {
      answer (question, TRUE, NULL);
      return;
    }
  if (is_too_many (question))
    {
      answer (question, FALSE, "too many open requests");
      return;
    }
  question->stage = STAGE_WAITING;
  if (question->authority->polkit != NULL)
    ask_polkit (question);
  else
    connect_to_polkit (question->authority);
}

/* A question that is under way then ends with an error.  One that is waiting ends at once. */
static void
cancel (Question *question)
{
  if (question->stage == STAGE_WAITING)
    answer (question, FALSE, "too late");
  else
    g_cancellable_cancel (question->cancellable);
}

static void
on_name_owner_changed (GDBusConnection *bus,
                       const char      *sender,
                       const char      *path,
                       const char      *interface,
                       const char      *signal_name,
                       GVariant        *parameters,
                       gpointer         user_data)
{
  Question *question = user_data;
  const char *new_owner;

  g_variant_get (parameters, "(&s&s&s)", NULL, NULL, &new_owner);
  if (new_owner[0] == '\0')
    cancel (question);
}

static gboolean
on_timeout (gpointer user_data)
{
  Question *question = user_data;

  divert_timer_clear (&question->timeout);
  cancel (question);
  return G_SOURCE_REMOVE;
}

static guint
count_of_sender (const DivertAuthority *authority,
                 const char            *sender)
{
  guint count = 0;

  for (guint i = 0; i < authority->questions->len; i++)
    count += g_strcmp0 (((Question *) g_ptr_array_index (authority->questions, i))->sender, sender) == 0;
  return count;
}

/* Makes @value harmless in a dialog.  A '$' would begin another placeholder, and some agents show text as markup. */
static void
add_detail (PolkitDetails *details,
            const char    *key,
            const char    *value)
{
  g_autofree char *escaped = divert_escape_up_to (value != NULL ? value : "", MAX_DETAIL);
  g_autoptr(GString) text = g_string_new (NULL);

  for (const char *p = escaped; *p != '\0'; p++)
    if (strchr ("$<>&", *p) != NULL)
      g_string_append_printf (text, "\\x%02x", (guint8) *p);
    else
      g_string_append_c (text, *p);
  polkit_details_insert (details, key, text->str);
}

static PolkitDetails *
make_details (const DivertDialog *dialog)
{
  PolkitDetails *details = polkit_details_new ();

  add_detail (details, "site", dialog->site);
  add_detail (details, "network", dialog->network);
  if (dialog->message != NULL)
    {
      polkit_details_insert (details, "polkit.message", dialog->message);
      polkit_details_insert (details, "polkit.gettext_domain", GETTEXT_PACKAGE);
    }
  return details;
}

void
divert_authority_check (DivertAuthority       *authority,
                        GDBusMethodInvocation *invocation,
                        const char            *action_id,
                        const DivertDialog    *dialog,
                        DivertAuthorised       authorised,
                        gpointer               user_data)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  GDBusMessage *message = g_dbus_method_invocation_get_message (invocation);
  gboolean interactive;
  guint timeout_ms;
  Question *question;

  if (count_of_sender (authority, sender) >= DIVERT_AUTHORITY_MAX_PER_CONNECTION)
    {
      authorised (FALSE, user_data);
      return;
    }

  interactive = (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
  question = g_new0 (Question, 1);
  question->authority = authority;
  question->bus = g_object_ref (authority->bus);
  question->authorised = authorised;
  question->user_data = user_data;
  question->sender = g_strdup (sender);
  question->action_id = g_strdup (action_id);
  question->details = dialog != NULL ? make_details (dialog) : NULL;
  question->flags = interactive ? POLKIT_CHECK_AUTHORIZATION_FLAGS_ALLOW_USER_INTERACTION :
                                  POLKIT_CHECK_AUTHORIZATION_FLAGS_NONE;
  question->cancellable = g_cancellable_new ();
  timeout_ms = interactive ? authority->interactive_timeout_ms : authority->timeout_ms;
  question->timeout = divert_timer_new (timeout_ms, on_timeout, question);
  g_ptr_array_add (authority->questions, question);

  /* Watch before asking for the caller's user.  If the caller vanished earlier, it no longer has a user. */
  question->vanished_id = g_dbus_connection_signal_subscribe (question->bus, "org.freedesktop.DBus",
                                                              "org.freedesktop.DBus", "NameOwnerChanged",
                                                              "/org/freedesktop/DBus", sender,
                                                              G_DBUS_SIGNAL_FLAGS_NONE, on_name_owner_changed, question,
                                                              NULL);
  g_dbus_connection_call (question->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionUnixUser", g_variant_new ("(s)", sender), G_VARIANT_TYPE ("(u)"),
                          G_DBUS_CALL_FLAGS_NONE, -1, question->cancellable, on_user, question);
}

DivertAuthority *
divert_authority_new (GDBusConnection *bus,
                      guint            timeout_ms,
                      guint            interactive_timeout_ms)
{
  DivertAuthority *authority = g_rc_box_new0 (DivertAuthority);

  authority->bus = g_object_ref (bus);
  authority->questions = g_ptr_array_new ();
  authority->timeout_ms = timeout_ms;
  authority->interactive_timeout_ms = interactive_timeout_ms;
  return authority;
}

void
divert_authority_free (DivertAuthority *authority)
{
  if (authority == NULL)
    return;

  while (authority->questions->len > 0)
    {
      Question *question = g_ptr_array_steal_index_fast (authority->questions, 0);

      question->authority = NULL;
      cancel (question);
    }
  g_rc_box_release_full (authority, authority_clear);
}
