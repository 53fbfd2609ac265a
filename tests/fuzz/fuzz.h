/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by all fuzz targets: libFuzzer's entry point.  In an ordinary build driver.c calls it for each file of the
 * seed corpus.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* For functions that take a string: the input up to its first NUL. */
static inline char *
fuzz_string (const uint8_t *data,
             size_t         size)
{
  return g_strndup (size > 0 ? (const char *) data : "", size);
}
