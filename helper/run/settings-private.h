/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the settings: settings.c (what they are, and the group), settings-read.c (the configuration)
 * and settings-mode.c (the mode).
 */
#pragma once

#include "settings.h"
#include "system/base/worker.h"
#include "system/files/group-watch.h"

G_BEGIN_DECLS

struct DivertSettings
{
  DivertLookAgain changed;
  gpointer        user_data;
  DivertWorker   *worker;

  char           *config_dir;
  DivertConfig   *config;       /* never NULL */
  gboolean        valid;        /* @config was read from files, not made of defaults */
  char           *config_error; /* why the files could not be read the last time; NULL: they could */
  gboolean        has_gid;
  guint32         gid;
  char           *group_error;
  gint64          group_time;   /* when the last lookup began or ended */
  gboolean        looking_up;   /* the group is being looked up once more */
  gboolean        look_again;   /* … and has to be after that */
  DivertGroupWatch *group_watch;
  DivertMode     *mode;         /* never NULL */
  char           *mode_error;
  guint           mode_number;  /* of the last mode that was requested */
  guint           taken_number; /* of the newest mode that took effect */
  guint           n_saving;     /* modes that must be saved before they take effect */
};

/* Reads the configuration in this thread, and waits for it. */
void divert_settings_read (DivertSettings *settings);

G_END_DECLS
