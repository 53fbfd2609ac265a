# SPDX-License-Identifier: GPL-2.0-or-later
# polkitd looks a language up by its locale's name (zh_CN); gettext writes the tag of BCP 47 since 0.23 (zh-Hans-CN).
s/(xml:lang="[a-z]+)(-[A-Z][a-z]{3})?-([A-Z]{2}")/\1_\3/
