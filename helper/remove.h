/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --remove: everything of ours out of the kernel, for the package's removal.
 */
#pragma once

/* Returns an exit status. */
int divert_remove (void);
