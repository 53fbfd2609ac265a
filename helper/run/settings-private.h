/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the settings: settings.c (what they are, and the group), settings-read.c (the configuration),
 * settings-mode.c (the mode).
 */
#pragma once

#include "settings.h"
#include "system/base/worker.h"

G_BEGIN_DECLS

struct DivertSettings
{
  DivertLookAgain changed;
  gpointer        user_data;
  DivertWorker   *worker;

  char           *config_dir;
  DivertConfig   *config;       /* never NULL */
  gboolean        valid;        /* @config has been read from files, not made of defaults */
  char           *config_error; /* why the files could not be read the last time; NULL */
  gboolean        has_gid;
  guint32         gid;
  char           *group_error;
  gint64          group_time;   /* of the last lookup, or of its begin */
  gboolean        looking_up;   /* the group once more */
  DivertMode     *mode;         /* never NULL */
  char           *mode_error;
  guint           mode_number;  /* of the last that was wanted */
  guint           taken_number; /* of the newest that was taken */
  guint           n_saving;     /* that are to be kept before they are taken */
};

/* Reads the configuration, here and now. */
void divert_settings_read (DivertSettings *settings);

G_END_DECLS
