/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --load-modules: the kernel modules that the rules need, loaded before the helper asks for them.
 */
#pragma once

/* Returns an exit status.  What cannot be loaded is told by the helper, which finds out whether it matters. */
int divert_load_modules (void);
