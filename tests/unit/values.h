/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values for tests, made from text that has to be right.
 */
#pragma once

#include "core/config/config.h"
#include "core/facts/facts.h"

G_BEGIN_DECLS

DivertConfig *test_config_new (const char *text);
DivertFacts  *test_facts_new (const char *text);
/* Adds the prefix @text to @prefixes. */
void          test_prefixes_add (GArray *prefixes, const char *text);

G_END_DECLS
