/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --remove: removes everything of ours from the kernel, when nm-divert is uninstalled.
 */
#pragma once

/* Returns an exit status. */
int divert_remove (void);
